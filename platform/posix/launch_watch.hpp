#pragma once

#include "procession/io/reactor/loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace procession::posix {

class launch_attempt;

/// The time that a launch may take.
inline constexpr auto launch_patience = std::chrono::seconds{10};

/// The remaining time of a launch that was requested at `asked`; never less
/// than a minimum.
std::chrono::milliseconds
patience_left(std::chrono::steady_clock::time_point asked);

/// Watches launches from the reactor. A launch blocks its thread until the new
/// process runs its program, which a file system, a lease (fcntl(2)) or a
/// SIGSTOP may delay for ever. After some 500 ms another thread takes over the
/// launcher's other work; when the launch's time is over, its process is
/// killed. A faster launch causes no wake-up.
class launch_watch {
public:
  /// Both loops must outlive it, but may have been stopped.
  /// @throws std::system_error if no descriptor can be created.
  launch_watch(loop& reactor, loop& launcher);
  launch_watch(const launch_watch&) = delete;
  launch_watch& operator=(const launch_watch&) = delete;

  /// Stops waiting for stuck launches, from now on. From any thread.
  void hurry();

private:
  friend class launch_attempt;

  void begin(launch_attempt& x);
  void end(launch_attempt& x);
  void run_clock(bool on);
  void await_tick();
  void tick();

  loop& launcher_;
  /// A timerfd that runs while a launch is under way.
  boost::asio::posix::stream_descriptor clock_;
  std::mutex mutex_;
  std::vector<launch_attempt*> attempts_;
  bool hurried_ = false;
};

/// One launch, on its thread.
class launch_attempt {
public:
  enum class verdict {
    in_time,
    /// Its process was killed when its time was over.
    too_late,
    /// Its process was killed because it was stuck after `hurry`.
    unwanted
  };

  /// Begins the attempt. @param watch null: it is unsupervised.
  launch_attempt(launch_watch* watch, std::chrono::milliseconds patience);
  launch_attempt(const launch_attempt&) = delete;
  launch_attempt& operator=(const launch_attempt&) = delete;
  ~launch_attempt();

  /// The pidfd, which the new process stores for other threads.
  std::atomic<int>& pidfd() noexcept {
    return pidfd_;
  }

  /// Ends the attempt: from now on the pidfd is the caller's alone.
  verdict end();

private:
  friend class launch_watch;

  launch_watch* watch_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<int> pidfd_ = -1;
  // Guarded by the watch's mutex.
  int ticks_ = 0;
  int max_ticks_;
  verdict verdict_ = verdict::in_time;
};

} // namespace procession::posix
