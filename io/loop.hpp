#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <string>
#include <thread>
#include <utility>

namespace procession {

/// One thread that runs posted work and asynchronous I/O, in the order in
/// which they become ready. The runtime has two: the reactor, which does all
/// descriptor I/O, and the launcher, which spawns. All signals are blocked on
/// it: they belong to the embedding program.
class loop {
public:
  /// Starts the thread. `name` (15 characters at most) shows in `top -H`.
  explicit loop(const std::string& name);
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  /// Stops and joins; work that did not run is dropped.
  ~loop();

  /// Runs `f` on the thread, soon; `f` must not throw. From any thread.
  template <class F>
  void post(F&& f) {
    boost::asio::post(context_, std::forward<F>(f));
  }

  /// For descriptors and timers that live on this thread.
  boost::asio::io_context& context() noexcept {
    return context_;
  }

  /// Whether the caller runs on the thread.
  bool here() const noexcept {
    return std::this_thread::get_id() == thread_.get_id();
  }

  /// Ends the thread once the work at hand is done, and joins it; not to be
  /// called on it. Calling it again does nothing.
  void stop();

private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_;
  std::thread thread_;
};

} // namespace procession
