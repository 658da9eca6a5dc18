#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/io/reactor/stop_report.hpp"
#include "procession/platform/common/stream_owner.hpp"

#include <boost/asio/steady_timer.hpp>

#include <sys/types.h>

#include <memory>
#include <mutex>

namespace procession::posix {

/// Reports when a child is stopped and continued. A pidfd does not report that,
/// and SIGCHLD belongs to the embedding program, so a thread waits for it. On
/// the reactor, unless stated otherwise.
class stop_watch {
public:
  stop_watch(stream_owner& owner, loop& reactor);

  /// Creates the thread. On the launcher.
  /// @returns whether that was possible.
  bool open();

  /// Begins to wait, if there is a thread. On the launcher.
  void start(pid_t pid);

  /// Ends the reports: the process has ended.
  void mute();

  /// Joins the thread. The process has ended, but must not be reaped before.
  void close();

  /// Abandons the thread. It ends with a process that cannot be ended, so
  /// joining it would take as long. It uses none of our data then.
  void detach();

private:
  void wait(pid_t pid, const std::weak_ptr<stream_owner>& owner);
  void await_report();
  void report();

  stream_owner& owner_;
  loop& reactor_;
  std::unique_ptr<loop> thread_;
  bool muted_ = false;
  /// Guards the report, which the thread and the reactor use.
  std::mutex mutex_;
  stop_report report_;
  boost::asio::steady_timer pause_;
};

} // namespace procession::posix
