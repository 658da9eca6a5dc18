#pragma once

#include "procession/messages/supervisor.hpp"

#include <caf/actor_clock.hpp>

#include <cstdint>
#include <deque>
#include <random>

namespace procession {

/// Counts restarts in the period that lies behind.
class restart_window {
public:
  using time_point = caf::actor_clock::time_point;

  explicit restart_window(restart_intensity limit);

  /// One more restart. @returns whether it is one too many.
  bool count(time_point now);

private:
  restart_intensity limit_;
  std::deque<time_point> restarts_;
};

/// Where the jitter comes from.
using jitter_source = std::minstd_rand;

/// How long to wait after the failure that follows `failures` earlier ones.
caf::timespan next_pause(const backoff& x, std::uint32_t failures,
                         jitter_source& chance);

} // namespace procession
