#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace procession {

/// Calls a function at a set time, on the thread of its executor. Its
/// destruction cancels the call.
class timer {
public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  virtual ~timer() = default;

  /// Sets the time of the call, and replaces an earlier setting.
  virtual void set(std::chrono::steady_clock::time_point when) = 0;
};

/// A thread that runs posted functions, and its clock: the reactor in programs,
/// a manual one in tests.
class executor {
public:
  executor() = default;
  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;
  virtual ~executor() = default;

  /// Runs `f` soon, in the order of the calls; drops it once the thread has
  /// ended. Callable from any thread.
  virtual void post(std::function<void()> f) = 0;

  /// Returns the time of its clock. Call it on its thread.
  virtual std::chrono::steady_clock::time_point now() = 0;

  /// Creates a timer that calls `f`. Call it on its thread, which also owns the
  /// timer.
  virtual std::unique_ptr<timer> make_timer(std::function<void()> f) = 0;
};

} // namespace procession
