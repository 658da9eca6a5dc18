#include "procession/io/text_watch.hpp"

#include <algorithm>
#include <utility>

namespace procession {

text_watch::text_watch(std::vector<std::string> wanted)
  : wanted_(std::move(wanted)) {
  for (auto& x : wanted_)
    reach_ = std::max(reach_, x.size() - 1);
}

bool text_watch::feed(std::string_view bytes) {
  if (wanted_.empty())
    return false;
  seen_ += bytes;
  auto found = std::any_of(wanted_.begin(), wanted_.end(), [this](auto& x) {
    return seen_.find(x) != std::string::npos;
  });
  if (seen_.size() > reach_)
    seen_.erase(0, seen_.size() - reach_);
  return found;
}

} // namespace procession
