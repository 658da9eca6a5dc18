#include "procession/platform/posix/keeper.hpp"

#include "procession/platform/posix/close_descriptors.hpp"
#include "procession/platform/posix/keeper_image.hpp"
#include "procession/platform/posix/vfork.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <utility>

namespace procession::posix {

namespace {

constexpr auto patience = std::chrono::seconds{5};

failure failed(int os_code, std::string text) {
  auto code = errc::spawn_failed;
  if (no_descriptor_left(os_code))
    code = errc::out_of_descriptors;
  else if (os_code == EAGAIN || os_code == ENOMEM)
    code = errc::out_of_processes;
  return {code, {stage::contain, os_code, std::move(text)}};
}

/// Turns the new process into the keeper. It runs in the memory of the host,
/// hence bare system calls only.
struct keeper_exec {
  int image;
  /// The path of the image in /proc.
  const char* image_path;
  int lifeline;
  int null;
  char* const* argv;
  /// The child writes these.
  volatile int os_code = 0;
  const char* volatile failed_call = "";

  static void run(void* x) {
    static_cast<keeper_exec*>(x)->exec();
    ::syscall(SYS_exit_group, 127);
  }

  bool failed(const char* call, long result) {
    if (result >= 0)
      return false;
    os_code = errno;
    failed_call = call;
    return true;
  }

  void exec() {
    // The host's handlers would not survive exec, but ignored signals stay
    // ignored. All signals stay blocked for good: the keeper ends for two
    // reasons only.
    constexpr std::uint64_t default_action[4] = {0, 0, 0, 0};
    for (auto signo = 1; signo < _NSIG; ++signo)
      if (signo != SIGKILL && signo != SIGSTOP)
        ::syscall(SYS_rt_sigaction, signo, default_action, nullptr, 8);
    static char* const no_environment[] = {nullptr};
    if (failed("setsid", ::syscall(SYS_setsid))
        || failed("dup3", ::syscall(SYS_dup3, lifeline, 0, 0))
        || failed("dup3", ::syscall(SYS_dup3, null, 1, 0))
        || failed("dup3", ::syscall(SYS_dup3, null, 2, 0))
        || failed("close_range", close_descriptors_but(image)))
      return;
    ::syscall(SYS_execveat, image, "", argv, no_environment, AT_EMPTY_PATH);
    auto before = errno;
    ::syscall(SYS_execve, image_path, argv, no_environment);
    errno = before;
    failed("execveat", -1);
  }
};

/// Whether the process has ended within the time.
bool await_end(const unique_fd& pidfd, std::chrono::milliseconds time) {
  auto deadline = std::chrono::steady_clock::now() + time;
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
    auto fd = pollfd{pidfd.get(), POLLIN, 0};
    auto n = ::poll(&fd, 1,
                    left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (n >= 0 || errno != EINTR)
      return n > 0;
  }
}

/// Reaps it if it has ended; `flags` is WNOHANG, or 0 to wait for the end.
bool reap(const unique_fd& pidfd, int flags) noexcept {
  siginfo_t info{};
  int result;
  while ((result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info,
                            WEXITED | flags))
           != 0
         && errno == EINTR)
    continue;
  // ECHILD: the host ignores SIGCHLD, so the kernel has reaped it.
  return result != 0 || info.si_pid != 0;
}

} // namespace

expected<keeper> keeper::start(std::vector<std::string> args) {
  std::error_code ec;
  // Unlike a pipe's, its end can be shut down for all holders of a copy, which
  // the host's forked children may be.
  auto lifeline = make_socket_pair(ec);
  auto null = unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null && !ec)
    ec = last_error();
  null = at_least_3(std::move(null), ec);
  if (ec)
    return failed(ec.value(), "the keeper's descriptors could not be made");
  auto image = open_keeper_image(ec);
  if (ec)
    return failed(ec.value(),
                  "the keeper's program could be written neither by "
                  "memfd_create nor to a file");
  auto path = "/proc/self/fd/" + std::to_string(image.get());
  auto name = std::string{"procession-keeper"};
  auto host = std::to_string(::getpid());
  std::vector<char*> argv{name.data(), host.data()};
  for (auto& arg : args)
    argv.push_back(arg.data());
  argv.push_back(nullptr);
  auto call = keeper_exec{image.get(), path.c_str(), lifeline.read.get(),
                          null.get(), argv.data()};
  auto in_cgroup = false;
  auto made = vfork_call(&keeper_exec::run, &call, nullptr, -1,
                         vfork_flavour::best, in_cgroup, ec);
  if (made.pid < 0)
    return failed(ec.value(),
                  "the system made no process for the keeper (clone "
                  "with CLONE_PIDFD)");
  auto result = keeper{made.pid, std::move(made.pidfd),
                       std::move(lifeline.write)};
  if (call.os_code != 0)
    return failed(call.os_code, "the keeper could not be executed ("
                                  + std::string{call.failed_call} + ")");
  return result;
}

keeper::keeper(pid_t pid, unique_fd pidfd, unique_fd lifeline) noexcept
  : pid_(pid), pidfd_(std::move(pidfd)), lifeline_(std::move(lifeline)) {
  // nop
}

keeper& keeper::operator=(keeper&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(lifeline_, other.lifeline_);
  return *this;
}

keeper::~keeper() {
  if (!pidfd_)
    return;
  ::shutdown(lifeline_.get(), SHUT_RDWR);
  if (!await_end(pidfd_, patience))
    send_signal(pidfd_, SIGKILL);
  reap(pidfd_, 0);
}

bool keeper::alive() noexcept {
  if (pidfd_ && reap(pidfd_, WNOHANG))
    pidfd_.reset();
  return static_cast<bool>(pidfd_);
}

} // namespace procession::posix
