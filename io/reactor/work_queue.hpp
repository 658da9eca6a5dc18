#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace procession {

/// Calls a function at a time, on the thread of its work queue. Destroying it
/// takes the call back.
class wake_up {
public:
  wake_up() = default;
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;
  virtual ~wake_up() = default;

  /// Calls then, instead of at the time that was set before.
  virtual void set(std::chrono::steady_clock::time_point when) = 0;
};

/// A thread that work can be given, and its clock: the reactor in programs, a
/// test's own hand in tests.
class work_queue {
public:
  work_queue() = default;
  work_queue(const work_queue&) = delete;
  work_queue& operator=(const work_queue&) = delete;
  virtual ~work_queue() = default;

  /// Runs `f` soon, in the order of the calls; drops it when the thread has
  /// ended. From any thread.
  virtual void post(std::function<void()> f) = 0;

  /// On the queue's thread, as what is below.
  virtual std::chrono::steady_clock::time_point now() = 0;

  virtual std::unique_ptr<wake_up> make_wake_up(std::function<void()> f) = 0;
};

} // namespace procession
