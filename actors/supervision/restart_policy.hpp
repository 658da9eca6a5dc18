#pragma once

#include "procession/messages/supervisor.hpp"

#include <caf/actor_clock.hpp>

#include <cstdint>
#include <deque>
#include <random>

namespace procession {

/// Counts the restarts in the last period.
class restart_window {
public:
  using time_point = caf::actor_clock::time_point;

  explicit restart_window(restart_intensity limit);

  /// Counts one more restart. @returns whether it is one too many.
  bool count(time_point now);

private:
  restart_intensity limit_;
  std::deque<time_point> restarts_;
};

/// The random number generator of the jitter.
using jitter_source = std::minstd_rand;

/// Returns how long to wait after the failure that follows `failures` earlier
/// ones.
caf::timespan next_pause(const backoff& x, std::uint32_t failures,
                         jitter_source& chance);

} // namespace procession
