#include "grove.hpp"
#include "helper_program.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/posix/launcher.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <future>
#include <string>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

using launch_result = expected<posix::launched>;

/// Makes this thread's later children wait when they enter a directory
/// (seccomp_unotify(2)). @returns the descriptor that reports it, or -1.
int listen() {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                 offsetof(seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_chdir, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{4, code};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                    SECCOMP_FILTER_FLAG_NEW_LISTENER,
                                    &program));
}

/// Launches programs and stops each new process between the change of user and
/// exec.
class gate {
public:
  gate() {
    std::promise<int> made;
    launcher_.post([&] { made.set_value(listen()); });
    listener_.reset(made.get_future().get());
    if (!listener_)
      WARN("skipped here: seccomp tells nobody (" << errno << ")");
  }

  ~gate() {
    // Before the watch goes, which they use.
    launcher_.stop();
    reactor_.stop();
  }

  explicit operator bool() const {
    return static_cast<bool>(listener_);
  }

  /// Begins to launch `true`.
  std::future<launch_result> launch(std::chrono::milliseconds patience) {
    auto result = std::make_shared<std::promise<launch_result>>();
    launcher_.post([this, patience, result] {
      auto null = posix::unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
      command spec;
      spec.program = "/bin/true";
      spec.cwd = "/";
      posix::launch_options options;
      options.in = null.get();
      options.out = null.get();
      options.err = null.get();
      options.watch = &watch_;
      options.patience = patience;
      result->set_value(posix::launch(spec, options));
    });
    return result->get_future();
  }

  /// Waits until the new process is at the gate. @returns its number.
  pid_t arrival() {
    REQUIRE(readable(listener_.get()));
    arrived_ = {};
    REQUIRE(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &arrived_) == 0);
    return static_cast<pid_t>(arrived_.pid);
  }

  void open() {
    seccomp_notif_resp go{};
    go.id = arrived_.id;
    go.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    REQUIRE(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &go) == 0);
  }

private:
  loop reactor_{"gate-reactor"};
  loop launcher_{"gate-launcher"};
  posix::launch_watch watch_{reactor_, launcher_};
  posix::unique_fd listener_;
  seccomp_notif arrived_{};
};

} // namespace

TEST_CASE("a signal that comes before its program runs does not reach it",
          "[start][signals]") {
  gate here;
  if (!here)
    return;
  auto launched = here.launch(posix::launch_patience);
  auto pid = here.arrival();
  // Nor do keys typed at the host's terminal.
  CHECK(::getsid(pid) == pid);
  for (auto signo : {SIGINT, SIGTSTP, SIGTERM, SIGUSR1})
    CHECK(::kill(pid, signo) == 0);
  here.open();
  auto result = launched.get();
  REQUIRE(result);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
  CHECK(info.si_code == CLD_EXITED);
  CHECK(info.si_status == 0);
}

TEST_CASE("a new process holds nothing of the host's until its program runs",
          "[start][leak]") {
  gate here;
  if (!here)
    return;
  auto launched = here.launch(posix::launch_patience);
  auto pid = here.arrival();
  CHECK(count_entries("/proc/" + std::to_string(pid) + "/fd") == 3);
  here.open();
  REQUIRE(launched.get());
  siginfo_t info{};
  CHECK(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
}

TEST_CASE("a new process that is stopped before its program runs is killed",
          "[start][signals]") {
  gate here;
  if (!here)
    return;
  auto launched = here.launch(600ms);
  auto pid = here.arrival();
  CHECK(::kill(pid, SIGSTOP) == 0);
  REQUIRE(launched.wait_for(10s) == std::future_status::ready);
  auto result = launched.get();
  REQUIRE(!result);
  auto& why = result.error();
  CHECK(why.code == errc::deadline_passed);
  CHECK(why.detail.at == stage::chdir);
  CHECK(::kill(pid, 0) != 0);
  CHECK(errno == ESRCH);
}
