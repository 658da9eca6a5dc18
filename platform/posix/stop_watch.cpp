#include "procession/platform/posix/stop_watch.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace procession::posix {

stop_watch::stop_watch(stream_owner& owner, loop& reactor)
  : owner_(owner), reactor_(reactor), pause_(reactor.context()) {
  // nop
}

bool stop_watch::open() {
  try {
    thread_ = std::make_unique<loop>("pcn-stops");
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void stop_watch::start(pid_t pid) {
  if (thread_ != nullptr)
    thread_->post(
      [this, pid, owner = std::weak_ptr{owner_.keep()}] { wait(pid, owner); });
}

void stop_watch::wait(pid_t pid, const std::weak_ptr<stream_owner>& owner) {
  // The wait ends with the process, which is not reaped before this thread has
  // ended, so the number is its own. (Our pidfd would be non-blocking for
  // waitid(2), too.)
  siginfo_t info{};
  auto next = [&](int options) {
    info.si_pid = 0;
    int result;
    while ((result = ::waitid(P_PID, static_cast<id_t>(pid), &info, options))
             != 0
           && errno == EINTR)
      continue;
    return result == 0;
  };
  while (next(WSTOPPED | WCONTINUED | WEXITED | WNOWAIT)
         && (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED)) {
    auto stopped = info.si_code == CLD_STOPPED;
    auto signal = stopped ? info.si_status : 0;
    // Consumes this change, unless it has been reverted: then the next one
    // tells.
    next((stopped ? WSTOPPED : WCONTINUED) | WNOHANG);
    std::lock_guard guard{mutex_};
    if (report_.changed(signal))
      reactor_.post([this, owner] {
        if (auto kept = owner.lock())
          await_report();
      });
  }
}

void stop_watch::await_report() {
  std::lock_guard guard{mutex_};
  pause_.expires_at(report_.due());
  pause_.async_wait(
    [this, owner = owner_.keep()](const boost::system::error_code& ec) {
      if (!ec)
        report();
    });
}

void stop_watch::report() {
  std::unique_lock guard{mutex_};
  auto news = report_.take(std::chrono::steady_clock::now());
  guard.unlock();
  if (muted_)
    return;
  if (news.continued)
    owner_.emit(child_continued{});
  if (news.stopped != 0)
    owner_.emit(child_stopped{news.stopped});
}

void stop_watch::mute() {
  muted_ = true;
}

void stop_watch::close() {
  thread_.reset();
}

void stop_watch::detach() {
  static_cast<void>(thread_.release());
}

} // namespace procession::posix
