#pragma once

#include <caf/timespan.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace procession {

/// Measures the remaining time to wait for the end of the output. It runs only
/// while the session is free to read.
class drain_clock {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit drain_clock(caf::timespan total = {}) : left_(total) {
    // nop
  }

  bool running() const noexcept {
    return since_.has_value();
  }

  /// Starts the clock.
  /// @returns the remaining time.
  caf::timespan start(time_point now) noexcept {
    since_ = now;
    return left_;
  }

  /// Stops the clock.
  /// @pre It runs.
  void stop(time_point now) noexcept {
    left_ -= std::min<caf::timespan>(left_, now - *since_);
    since_.reset();
  }

private:
  caf::timespan left_{};
  /// When the clock was started last; empty while it is stopped.
  std::optional<time_point> since_;
};

} // namespace procession
