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

/// An executor without a thread: nothing happens, and no time passes, but by
/// the test's hand.
///
/// What waits in it may own it: run it until nothing waits before the last
/// owner goes, or both stay for ever (which LeakSanitizer tells).
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

  /// Runs the oldest of what was posted.
  /// @returns whether there was anything.
  bool run_one();

  /// Runs what was posted, and what that posts, until nothing waits.
  /// @returns how much that was.
  std::size_t run();

  /// Runs what was posted, then lets so much time pass: each wake-up comes at
  /// its very time, and what it posts runs before the next.
  void advance(duration by);

  /// Lets the thread sleep so long: whatever was due meanwhile comes late.
  void oversleep(duration by);

  /// When the next wake-up comes; `time_point::max()` if none does.
  time_point next_wake_up() const;

  /// How much waits to be run.
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
