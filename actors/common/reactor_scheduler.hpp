#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/messages/caf_scheduler.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace procession {

/// A scheduler whose workers also do the work of a reactor: the worker that has
/// nothing else to do waits for I/O, and then runs the actors that an event
/// concerns. So an event passes from the kernel to the actors without a
/// hand-over between threads, and output that arrives while they run waits in
/// the kernel, where it joins.
///
/// An actor that a job makes ready is run by the same worker, right after that
/// job; others are left to any worker. Workers wake up others only if they
/// leave something for them.
class reactor_scheduler : public custom_scheduler {
public:
  reactor_scheduler(caf::actor_system& where, std::shared_ptr<loop> reactor);
  ~reactor_scheduler() override;

  void schedule(caf::resumable* job) override;

private:
  struct worker {
    std::thread thread;
    /// The job that this worker runs next; other threads may take it away.
    std::atomic<caf::resumable*> next = nullptr;
    /// How often it has looked for a job, and how often at the last tick.
    std::atomic<std::uint64_t> looks = 0;
    std::uint64_t looks_before = 0;
  };

  void start_workers() override;
  void stop_workers() override;

  void run(worker& self);
  /// Returns the next job; null if there is none.
  caf::resumable* take(worker& self);
  /// Waits for a job or an event. @returns false once the workers end.
  bool wait();
  void leave_to_others(caf::resumable* job);
  /// Takes away the next jobs of workers that are busy with their present ones,
  /// and finds another driver if the reactor was left alone.
  void on_tick(bool left_alone);

  std::shared_ptr<loop> reactor_;
  std::vector<std::unique_ptr<worker>> workers_;

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<caf::resumable*> jobs_;
  /// Approximates `jobs_.size()` for a look without the lock.
  std::atomic<std::size_t> waiting_jobs_ = 0;
  /// Whether a worker waits in the reactor, and whether it was told to come
  /// back.
  bool driving_ = false;
  bool kicked_ = false;
  /// Whether the runtime has ended before the actor system.
  bool reactor_stopped_ = false;
  /// Workers that wait for `more_`, and how many of them were told.
  std::size_t sleeping_ = 0;
  std::size_t woken_ = 0;
  bool stopping_ = false;
};

} // namespace procession
