#include "procession/actors/session/fanout.hpp"

#include <algorithm>

namespace procession {

fanout::fanout(const session_id& id, const output_log& log)
  : id_(id), log_(log) {
  // nop
}

std::vector<fanout::member>::iterator fanout::find(const caf::actor_addr& who) {
  return std::find_if(members_.begin(), members_.end(),
                      [&](const member& x) { return x.who == who; });
}

bool fanout::contains(const caf::actor_addr& who) const noexcept {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const member& x) { return x.who == who; });
}

void fanout::add(subscriber who, const subscription& terms) {
  members_.push_back({std::move(who), log_.find(terms.from),
                      send_window{terms.window}, terms.mode});
}

std::optional<cursor> fanout::remove(const caf::actor_addr& who) {
  auto i = find(who);
  if (i == members_.end())
    return std::nullopt;
  auto result = i->mode == delivery::events_only ? cursor{} : i->at.at;
  members_.erase(i);
  return result;
}

bool fanout::has_all_output(const member& x) const noexcept {
  return x.mode == delivery::events_only || log_.at_end(x.at);
}

std::size_t fanout::readers() const noexcept {
  return static_cast<std::size_t>(
    std::count_if(members_.begin(), members_.end(), [](const member& x) {
      return x.mode != delivery::events_only;
    }));
}

bool fanout::holds_back() const noexcept {
  return std::any_of(members_.begin(), members_.end(), [&](const member& x) {
    return x.mode == delivery::lossless && !log_.at_end(x.at);
  });
}

cursor fanout::floor() const noexcept {
  auto result = log_.end();
  for (auto& x : members_) {
    if (x.mode != delivery::lossless)
      continue;
    result.out = std::min(result.out, x.at.at.out);
    result.err = std::min(result.err, x.at.at.err);
  }
  return result;
}

} // namespace procession
