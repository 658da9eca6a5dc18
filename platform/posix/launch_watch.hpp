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

/// How long a launch may take.
inline constexpr auto launch_patience = std::chrono::seconds{10};

/// What is left of that for a launch that was asked for at `asked`; some of it
/// in any case.
std::chrono::milliseconds
patience_left(std::chrono::steady_clock::time_point asked);

/// Looks after launches from the reactor. A launch blocks its thread until the
/// new process runs its program, which a file system, a lease (fcntl(2)) or a
/// SIGSTOP may put off for ever. When one has been under way for some 500 ms,
/// the launcher's other work gets another thread; when its time is over, its
/// process is killed. A launch that takes less wakes nobody.
class launch_watch {
public:
  /// Both loops must outlive it, but may have been stopped.
  /// @throws std::system_error if no descriptor can be created.
  launch_watch(loop& reactor, loop& launcher);
  launch_watch(const launch_watch&) = delete;
  launch_watch& operator=(const launch_watch&) = delete;

  /// From now on no launch is waited for when it is stuck. From any thread.
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
    /// Its process was killed when the time was over.
    too_late,
    /// Its process was killed as it was stuck and there was hurry.
    unwanted
  };

  /// Begins it. @param watch null: it is unsupervised.
  launch_attempt(launch_watch* watch, std::chrono::milliseconds patience);
  launch_attempt(const launch_attempt&) = delete;
  launch_attempt& operator=(const launch_attempt&) = delete;
  ~launch_attempt();

  /// Where the new process notes its pidfd, for other threads.
  std::atomic<int>& pidfd() noexcept {
    return pidfd_;
  }

  /// The launch is over: from now on the pidfd is the caller's alone.
  verdict end();

private:
  friend class launch_watch;

  launch_watch* watch_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<int> pidfd_ = -1;
  // With the watch's lock.
  int ticks_ = 0;
  int max_ticks_;
  verdict verdict_ = verdict::in_time;
};

} // namespace procession::posix
