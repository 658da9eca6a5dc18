#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace procession {

/// Calls a function at a set time, on the thread of its executor. Destroying it
/// cancels the call.
class timer {
public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  virtual ~timer() = default;

  /// Has it call at `when`, instead of at the time that was set before.
  virtual void set(std::chrono::steady_clock::time_point when) = 0;
};

/// A thread that work can be given, and its clock: the reactor in programs, a
/// test's own hand in tests.
class executor {
public:
  executor() = default;
  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;
  virtual ~executor() = default;

  /// Runs `f` soon, in the order of the calls; drops it when the thread has
  /// ended. From any thread.
  virtual void post(std::function<void()> f) = 0;

  /// The time of its clock. To be called on its thread.
  virtual std::chrono::steady_clock::time_point now() = 0;

  /// Makes a timer that calls `f`. To be called on its thread, which also owns
  /// the timer.
  virtual std::unique_ptr<timer> make_timer(std::function<void()> f) = 0;
};

} // namespace procession
