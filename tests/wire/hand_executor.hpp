#pragma once

#include "procession/io/reactor/executor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace procession::test {

/// An executor without a thread: all work and the passing of time are up to the
/// test.
///
/// Waiting work may own it: run it until nothing waits before the last owner
/// goes, or both stay for ever (which LeakSanitizer reports).
class hand_executor : public executor {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using duration = clock::duration;

  hand_executor();

  void post(std::function<void()> f) override;

  time_point now() override {
    return now_;
  }

  std::unique_ptr<timer> make_timer(std::function<void()> f) override;

  /// Runs the oldest posted work.
  /// @returns whether there was any.
  bool run_one();

  /// Runs posted work, and all work posted by it, until nothing waits.
  /// @returns the number of functions that ran.
  std::size_t run();

  /// Runs posted work, then lets time pass: each wake-up comes exactly at its
  /// time, and the work that it posts runs before the next.
  void advance(duration by);

  /// Lets the thread sleep: wake-ups that were due meanwhile come late.
  void oversleep(duration by);

  /// Returns the time of the next wake-up; `time_point::max()` if there is
  /// none.
  time_point next_wake_up() const;

  /// Returns the number of functions that wait to run.
  std::size_t waiting() const noexcept {
    return posted_.size();
  }

private:
  class hand_timer;
  /// By time, then in the order in which they were set.
  struct timers {
    std::map<std::pair<time_point, std::uint64_t>, hand_timer*> set;
    std::uint64_t last = 0;
  };

  time_point now_;
  std::deque<std::function<void()>> posted_;
  /// Shared with the wake-ups: they may outlive the executor.
  std::shared_ptr<timers> timers_;
};

} // namespace procession::test
