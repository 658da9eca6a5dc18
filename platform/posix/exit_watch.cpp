#include "procession/platform/posix/exit_watch.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace procession::posix {

namespace {

caf::timespan to_timespan(const timeval& x) {
  return std::chrono::seconds{x.tv_sec} + std::chrono::microseconds{x.tv_usec};
}

exit_status to_status(const siginfo_t& info, const rusage& usage,
                      std::uint64_t inherited_peak) {
  exit_status result;
  if (info.si_code == CLD_EXITED) {
    result.code = static_cast<std::uint32_t>(info.si_status);
  } else {
    result.cause = exit_cause::signaled;
    result.signal = info.si_status;
    result.core_dumped = info.si_code == CLD_DUMPED;
  }
  result.user_time = to_timespan(usage.ru_utime);
  result.system_time = to_timespan(usage.ru_stime);
  // getrusage(2): in kilobytes on Linux.
  auto peak = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  result.peak_memory = peak > inherited_peak ? peak : 0;
  return result;
}

enum class waited {
  not_yet,
  ended,
  /// It has ended, and another part of the program took the status.
  lost
};

/// Calls waitid(2) itself, for the resource usage; never blocks.
waited wait_now(int pidfd, int options, siginfo_t& info, rusage& usage) {
  info.si_pid = 0;
  auto result = ::syscall(SYS_waitid, P_PIDFD, pidfd, &info,
                          WEXITED | WNOHANG | options, &usage);
  if (result != 0)
    return errno == ECHILD ? waited::lost : waited::not_yet;
  return info.si_pid != 0 ? waited::ended : waited::not_yet;
}

} // namespace

exit_watch::exit_watch(loop& reactor) : reactor_(reactor) {
  // nop
}

bool exit_watch::open(unique_fd& pidfd, std::uint64_t inherited_peak) {
  inherited_peak_ = inherited_peak;
  pidfd_ = watch(reactor_, pidfd);
  return pidfd_ != nullptr;
}

void exit_watch::give_back(unique_fd& pidfd) {
  if (pidfd_ != nullptr)
    pidfd.reset(pidfd_->release());
}

void exit_watch::await(handler f) {
  // A copy: the reactor may close it before this call returns.
  auto pidfd = pidfd_;
  pidfd->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this,
                     f = std::move(f)](const boost::system::error_code& ec) {
                      if (!ec)
                        check(f);
                    });
}

void exit_watch::check(const handler& f) {
  siginfo_t info{};
  rusage usage{};
  // Not reaped yet: its number must stay ours until the tree is gone.
  auto result = wait_now(pidfd_->native_handle(), WNOWAIT, info, usage);
  if (result == waited::not_yet) {
    // A tracer holds the zombie back (ptrace(2)), and the pidfd stays readable
    // all the while. It is woken up once more when the tracer lets go or ends.
    if (!held_back_) {
      held_back_ = std::make_unique<edge_watch>(reactor_);
      held_back_->add(pidfd_->native_handle(), EPOLLIN);
    }
    held_back_->wait([this, f] { check(f); });
    return;
  }
  held_back_.reset();
  f(result == waited::lost ? exit_status{.cause = exit_cause::unknown}
                           : to_status(info, usage, inherited_peak_));
}

bool exit_watch::lost() {
  siginfo_t info{};
  rusage usage{};
  return wait_now(pidfd_->native_handle(), WNOWAIT, info, usage)
         == waited::lost;
}

void exit_watch::reap() {
  siginfo_t info{};
  rusage usage{};
  wait_now(pidfd_->native_handle(), 0, info, usage);
  close(pidfd_);
}

} // namespace procession::posix
