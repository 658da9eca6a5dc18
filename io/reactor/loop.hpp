#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace procession {

/// One thread that runs posted work and asynchronous I/O, in the order in which
/// they become ready. The runtime has two: the reactor, which does all
/// descriptor I/O, and the launcher, which spawns; containment by marks has one
/// more, which sweeps over /proc. All signals are blocked on it: they belong to
/// the embedding program.
///
/// A loop whose work may get stuck can have more threads, but only one runs at
/// a time: see `relieve`. A loop with one thread can be lent to other threads,
/// its guests, of which one works at a time: see `lend`.
class loop {
public:
  /// Makes the calling thread a guest of a loop, for the lifetime of this
  /// object.
  class guest {
  public:
    explicit guest(loop& host) noexcept {
      guest_of_ = &host;
    }

    guest(const guest&) = delete;
    guest& operator=(const guest&) = delete;

    ~guest() {
      guest_of_ = nullptr;
    }
  };

  /// Starts the thread. `name` (15 characters at most) shows in `top -H`.
  /// @param max_threads number of threads, waiting ones included.
  /// @throws std::system_error if no thread can be created.
  explicit loop(std::string name, std::size_t max_threads = 1);
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  /// Stops and joins the threads; pending work is dropped.
  ~loop();

  /// Runs `f` on the thread, soon; `f` must not throw. Callable from any
  /// thread.
  template <class F>
  void post(F&& f) {
    boost::asio::post(context_, std::forward<F>(f));
  }

  /// Returns the context for descriptors and timers of this thread.
  boost::asio::io_context& context() noexcept {
    return context_;
  }

  /// Whether the caller runs on the thread.
  bool here() const;

  /// If the current work is stuck on the thread `stuck`, lets another thread
  /// continue with the rest. The stuck thread finishes its piece of work in
  /// parallel, then waits until it is needed again: every thread lives as long
  /// as the loop. Does nothing if there can be no other thread. Callable from
  /// any thread.
  void relieve(std::thread::id stuck);

  /// Lets guests do the work, which saves the hand-over between two threads.
  /// The loop's own thread stands by: it works when no guest has done so for a
  /// while, as all of them are busy.
  /// @param on_tick must not throw. The loop's own thread calls it every few
  ///                milliseconds while guests come and go, and says whether
  ///                nobody has worked on the loop since the last time.
  void lend(std::function<void(bool left_alone)> on_tick);

  /// Ends the loan. No guest may use it any more; `on_tick` is not called after
  /// this.
  void take_back();

  /// Runs one piece of work on the caller's thread, a guest's, and waits for it
  /// if there is none. Called by one guest at a time.
  /// @returns false, at once, if the loop was stopped.
  bool drive();

  /// Runs the work that is ready, if no other thread does, and does not wait.
  /// On a guest's thread.
  void poll();

  /// Tells the loop's own thread that guests are busy, so that time passes for
  /// `on_tick`; `drive` does so, too.
  void stay_awake();

  /// Ends the present or next wait of `drive`. Callable from any thread.
  void kick() {
    kicked_ = true;
    post([] {});
  }

  /// Runs `f` at once if the caller is a guest and no other thread works on the
  /// loop. @returns whether it did.
  template <class F>
  bool try_run(F&& f) {
    if (guest_of_ != this || stopped_
        || driven_.exchange(true, std::memory_order_acquire))
      return false;
    std::forward<F>(f)();
    end_turn();
    return true;
  }

  /// Ends the threads after their current work, and joins them; must not be
  /// called on one of them. Further calls do nothing.
  void stop();

private:
  void run();
  bool wait_for_turn();
  void run_alone();
  void stand_by();
  void end_turn();

  std::string name_;
  std::size_t max_threads_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  std::vector<std::thread> threads_;
  /// The threads that are not at work.
  std::vector<std::thread::id> spares_;
  std::thread::id at_work_;
  std::atomic<bool> stopped_ = false;
  static inline thread_local const loop* guest_of_ = nullptr;
  std::function<void(bool)> on_tick_;
  std::atomic<bool> lent_ = false;
  /// Whether the loop's own thread is in `stand_by`.
  bool standing_by_ = false;
  /// Whether a thread works on the loop, or waits for work.
  std::atomic<bool> driven_ = false;
  /// Whether a guest waits for the loop's own thread to step aside.
  std::atomic<bool> wanted_ = false;
  /// Whether `drive` has to return. The work that `kick` posts may be done by
  /// another thread.
  std::atomic<bool> kicked_ = false;
  /// Whether the loop's own thread waits until guests come.
  std::atomic<bool> asleep_ = false;
  /// How often a guest has driven the loop.
  std::atomic<std::uint64_t> turns_ = 0;
};

} // namespace procession
