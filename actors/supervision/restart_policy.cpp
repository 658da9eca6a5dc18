#include "procession/actors/supervision/restart_policy.hpp"

#include <algorithm>
#include <cmath>

namespace procession {

restart_window::restart_window(restart_intensity limit) : limit_(limit) {
  // nop
}

bool restart_window::count(time_point now) {
  while (!restarts_.empty() && restarts_.front() + limit_.period < now)
    restarts_.pop_front();
  restarts_.push_back(now);
  return restarts_.size() > limit_.restarts;
}

caf::timespan next_pause(const backoff& x, std::uint32_t failures,
                         jitter_source& chance) {
  if (x.first <= caf::timespan::zero())
    return caf::timespan::zero();
  auto limit = static_cast<double>(x.limit.count());
  // The result may be infinite; the limit corrects that.
  auto pause = static_cast<double>(x.first.count())
               * std::pow(x.factor, static_cast<double>(failures));
  pause = std::min(pause, limit);
  if (x.jitter > 0) {
    std::uniform_real_distribution<double> share{-x.jitter, x.jitter};
    pause = std::min(pause * (1 + share(chance)), limit);
  }
  return caf::timespan{static_cast<caf::timespan::rep>(pause)};
}

} // namespace procession
