#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/posix/close_descriptors.hpp"
#include "procession/platform/posix/marks.hpp"
#include "procession/platform/posix/vfork.hpp"

// Makes Boost.Process use std::filesystem instead of the compiled
// Boost.Filesystem.
#define BOOST_PROCESS_USE_STD_FS
#include <boost/optional.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/type_traits.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>

/// The steps of a child between fork and exec. The child shares the host's
/// memory there, so every step is a bare system call: the interceptors of a
/// sanitizer in the wrappers of libc would take the child's actions for the
/// host's. A step belongs to the stage `setup` unless it names another one.
namespace procession::posix {

using boost_error = boost::process::v2::error_code;

/// Starts programs by `vfork_call`. Boost's own `vfork_launcher` does not fit:
/// after a failed exec it runs the host's exit handlers and leaves a zombie,
/// and it tells Asio of a fork inside the host's memory.
struct vfork_launcher {
  char* const* env = nullptr;
  /// Paths to try one after the other, as execvp(3) does.
  char* const* paths = nullptr;
  vfork_flavour flavour = vfork_flavour::best;
  int cgroup = -1;
  /// Where the child notes its pidfd; see `vfork_call`.
  std::atomic<int>* pidfd = nullptr;
  /// The child's stage, or the one where it failed. The child writes it.
  stage at = stage::fork;
  /// The name of the system call that failed, a literal. The child writes it.
  const char* failed_call = nullptr;
  /// Whether the child was created in the cgroup; known in the child.
  bool in_cgroup = false;
  /// The program, if it was opened because the user may not reach it.
  int image = -1;

  /// Returns the result of the system call `name`. In the child.
  boost_error check(const char* name, long result) noexcept {
    if (result >= 0)
      return {};
    failed_call = name;
    return {errno, boost::system::system_category()};
  }

  /// Returns the error of a system call that succeeded without effect. In the
  /// child.
  boost_error refuse(const char* name) noexcept {
    errno = EPERM;
    return check(name, -1);
  }

  /// @param steps called with this launcher, in the child, until one fails.
  /// @param argv first the name of a shell, for a file that the kernel cannot
  ///        execute: then the shell gets all words, with the path of the file
  ///        instead of argv[1]. The program gets the rest.
  /// @param ec set, with `at`, if the program does not run. The caller waits
  ///        for the pid, if there is one.
  template <class... Steps>
  vforked operator()(std::error_code& ec, char** argv, const Steps&... steps) {
    auto setup = [&]() -> boost_error {
      const char* const* cmd_line = argv + 1;
      return boost::process::v2::posix::detail::on_exec_setup(
        *this, no_path_, cmd_line, initializer<Steps>{steps}...);
    };
    auto call = context<decltype(setup)>{this, argv, setup, 0};
    auto result = vfork_call(&context<decltype(setup)>::run, &call, pidfd,
                             cgroup, flavour, in_cgroup, ec);
    if (call.os_code != 0)
      ec.assign(call.os_code, std::system_category());
    return result;
  }

private:
  /// A step as an initializer in the sense of Boost.Process v2.
  template <class Step>
  struct initializer {
    const Step& step;

    boost_error on_exec_setup(vfork_launcher& launcher,
                              const std::filesystem::path&,
                              const char* const*&) const noexcept {
      if constexpr (requires { Step::at; })
        launcher.at = Step::at;
      else
        launcher.at = stage::setup;
      return step(launcher);
    }
  };

  template <class Setup>
  struct context {
    vfork_launcher* self;
    char** argv;
    Setup& setup;
    volatile int os_code;

    static void run(void* x) {
      auto& call = *static_cast<context*>(x);
      if (auto ec = call.setup())
        call.os_code = ec.value();
      else
        call.os_code = call.self->exec(call.argv);
      ::syscall(SYS_exit_group, 127);
    }
  };

  /// Returns only if it fails, with the error to report (exec(3)).
  int exec(char** argv) {
    at = stage::exec;
    auto result = ENOENT;
    for (auto* path = paths; *path != nullptr; ++path) {
      ::syscall(SYS_execve, *path, argv + 1, env);
      switch (errno) {
        case ENOEXEC:
          argv[1] = *path;
          ::syscall(SYS_execve, argv[0], argv, env);
          return ENOEXEC;
        case ENOENT:
        case ENOTDIR:
          break;
        case EACCES:
          // Remembered: another entry of PATH may do better.
          result = EACCES;
          break;
        default:
          return errno;
      }
    }
    if (result == EACCES && image >= 0) {
      ::syscall(SYS_execveat, image, "", argv + 1, env, AT_EMPTY_PATH);
      return errno;
    }
    return result;
  }

  // Boost's initializers want a path; ours do not look at it.
  std::filesystem::path no_path_;
};

/// Sets signals as a fresh program expects them: none ignored, none blocked.
/// Signals that have come so far were meant for the host, as from its terminal,
/// and are dropped. Must come last: from here on a signal is the program's.
struct default_signals {
  boost_error operator()(vfork_launcher& launcher) const noexcept {
    // The kernel's own struct sigaction (no flags, empty mask).
    constexpr std::uint64_t default_action[4] = {0, 0, 0, 0};
    constexpr std::uint64_t ignore[4] = {1, 0, 0, 0};
    for (auto signo = 1; signo < _NSIG; ++signo)
      if (signo != SIGKILL && signo != SIGSTOP)
        ::syscall(SYS_rt_sigaction, signo, default_action, nullptr, 8);
    std::uint64_t pending = 0;
    ::syscall(SYS_rt_sigpending, &pending, sizeof(pending));
    // Ignoring a signal discards it even while it is blocked (sigaction(2)).
    for (auto signo = 1; pending != 0; ++signo, pending >>= 1)
      if ((pending & 1) != 0) {
        ::syscall(SYS_rt_sigaction, signo, ignore, nullptr, 8);
        ::syscall(SYS_rt_sigaction, signo, default_action, nullptr, 8);
      }
    return launcher.check("rt_sigprocmask",
                          ::syscall(SYS_rt_sigprocmask, SIG_SETMASK,
                                    &default_action[3], nullptr, 8));
  }
};

/// A session and process group of its own, without controlling terminal.
struct new_session {
  boost_error operator()(vfork_launcher& launcher) const noexcept {
    return launcher.check("setsid", ::syscall(SYS_setsid));
  }
};

/// Dies with the thread that started it (prctl(2), PR_SET_PDEATHSIG).
struct parent_death_signal {
  int signo;
  /// Compared with getppid: the parent may end before the call.
  pid_t parent;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    auto result = ::syscall(SYS_prctl, PR_SET_PDEATHSIG, signo, 0, 0, 0);
    if (result == 0 && ::syscall(SYS_getppid) != parent)
      return {ESRCH, boost::system::system_category()};
    return launcher.check("prctl", result);
  }
};

/// Descriptors to become 0, 1 and 2; all are numbered 3 or higher.
struct standard_streams {
  int in;
  int out;
  int err;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    const int sources[] = {in, out, err};
    for (auto target = 0; target < 3; ++target)
      if (auto ec = launcher.check("dup3", ::syscall(SYS_dup3, sources[target],
                                                     target, 0)))
        return ec;
    return {};
  }
};

/// Makes standard output the controlling terminal (TIOCSCTTY, ioctl_tty(2)).
struct controlling_terminal {
  bool wanted;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (!wanted)
      return {};
    return launcher.check("ioctl TIOCSCTTY",
                          ::syscall(SYS_ioctl, 1, TIOCSCTTY, 0));
  }
};

/// Moves into the cgroup unless the child was created there.
struct join_cgroup {
  static constexpr auto at = stage::contain;

  int directory;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (directory < 0 || launcher.in_cgroup)
      return {};
    auto fd = ::syscall(SYS_openat, directory, "cgroup.procs",
                        O_WRONLY | O_CLOEXEC);
    if (auto ec = launcher.check("openat", fd))
      return ec;
    return launcher.check("write", ::syscall(SYS_write, fd, "0", 1));
  }
};

/// Bears a mark from here on. Must come after `new_session`: a process that
/// shares the session of a marked one counts as part of its tree.
struct marked {
  static constexpr auto at = stage::contain;

  marking_limit limit;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (limit.resource < 0)
      return {};
    const std::uint64_t limits[] = {limit.soft, limit.hard};
    return launcher.check("prlimit64",
                          ::syscall(SYS_prlimit64, 0, limit.resource, limits,
                                    nullptr));
  }
};

/// Leaves the program only its standard streams and, if there is one, the
/// descriptor for its notification, under the promised number. The others are
/// closed here, not by exec: exec may take long, and the readers of their other
/// ends would wait.
struct only_these_descriptors {
  /// Negative if there is none.
  int notification;
  int target;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    // dup3(2) refuses equal numbers.
    if (notification >= 0)
      if (auto ec = notification == target
                      ? launcher.check("fcntl",
                                       ::syscall(SYS_fcntl, target, F_SETFD, 0))
                      : launcher.check("dup3", ::syscall(SYS_dup3, notification,
                                                         target, 0)))
        return ec;
    return launcher.check(
      "close_range", close_descriptors_but(notification < 0 ? -1 : target));
  }
};

/// Opens the program before the child becomes another user, who then needs no
/// right to enter the directories above it (execveat(2)).
struct opened_program {
  /// Null: opens none.
  const char* path;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (path != nullptr)
      launcher.image = static_cast<int>(
        ::syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0));
    return {};
  }
};

/// The working directory of the program; empty: the host's.
struct working_directory {
  static constexpr auto at = stage::chdir;

  const char* path;

  boost_error operator()(vfork_launcher& launcher) const noexcept {
    if (*path == '\0')
      return {};
    return launcher.check("chdir", ::syscall(SYS_chdir, path));
  }
};

} // namespace procession::posix
