#include "procession/runner/parent/connection_deadlines.hpp"

#include <utility>

namespace procession {

connection_deadlines::connection_deadlines(
  executor& work, std::function<void(const deadline&)> on_due)
  : work_(work), on_due_(std::move(on_due)) {
  // nop
}

void connection_deadlines::add(const deadline& x, time_point when) {
  if (when < pending_.of(x).value_or(time_point::max()))
    pending_.set(x, when);
  arm();
}

void connection_deadlines::forget(std::uint64_t session) {
  for (auto what :
       {kind::spawned, kind::answered, kind::exited, kind::closed, kind::stops})
    clear({what, session});
}

std::unique_ptr<timer> connection_deadlines::stop() {
  pending_ = {};
  armed_ = time_point::max();
  return std::move(timer_);
}

void connection_deadlines::arm() {
  auto next = pending_.next().value_or(time_point::max());
  if (next >= armed_)
    return;
  if (timer_ == nullptr)
    timer_ = work_.make_timer([this] {
      armed_ = time_point::max();
      tick();
    });
  armed_ = next;
  timer_->set(next);
}

void connection_deadlines::tick() {
  auto now = work_.now();
  while (auto x = pending_.take_due(now))
    on_due_(*x);
  arm();
}

} // namespace procession
