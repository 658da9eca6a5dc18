#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace procession {

/// Calls a function at a time, on the thread of its work queue. Destroying it
/// takes the call back.
class timer {
public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  virtual ~timer() = default;

  /// Calls then, instead of at the time that was set before.
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

  /// On the queue's thread, as what is below.
  virtual std::chrono::steady_clock::time_point now() = 0;

  virtual std::unique_ptr<timer> make_timer(std::function<void()> f) = 0;
};

} // namespace procession
