#include "common/first_process.hpp"

#include <csignal>
#include <initializer_list>
#include <sys/wait.h>
#include <unistd.h>

namespace procession {

namespace {

/// Reaps all processes that have ended. Exits if the program is among them.
void reap(pid_t program) {
  auto status = 0;
  for (;;) {
    auto pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0)
      return;
    if (pid == program)
      // PID 1 cannot end itself by a signal (kill(2)).
      ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                  : WEXITSTATUS(status));
  }
}

[[noreturn]] void be_init(pid_t program, const sigset_t& all) {
  // They belong to the program: a peer may wait for it to close them.
  for (auto fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::close(fd);
  for (;;) {
    siginfo_t info{};
    auto signo = ::sigwaitinfo(&all, &info);
    if (signo == SIGCHLD)
      reap(program);
    // The kernel sends the signals of a terminal to the program as well, which
    // is in the same process group.
    else if (signo > 0 && info.si_code <= 0)
      ::kill(program, signo);
  }
}

} // namespace

bool leave_first_process() {
  if (::getpid() != 1)
    return true;
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  // If it were ignored, we would not learn how the program ended (wait(2)).
  std::signal(SIGCHLD, SIG_DFL);
  auto program = ::fork();
  if (program > 0)
    be_init(program, all);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return program == 0;
}

} // namespace procession
