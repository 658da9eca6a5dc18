#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <cstddef>
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
/// a time: see `relieve`.
class loop {
public:
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

  /// Ends the threads after their current work, and joins them; must not be
  /// called on one of them. Further calls do nothing.
  void stop();

private:
  /// Starts a thread that calls `run`. Implemented by the platform.
  std::thread make_thread();
  void run();
  bool wait_for_turn();

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
  bool stopped_ = false;
};

} // namespace procession
