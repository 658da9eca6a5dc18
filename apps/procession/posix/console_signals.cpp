#include "../console_signals.hpp"

#include <array>
#include <csignal>
#include <pthread.h>
#include <utility>

namespace procession::cli {

namespace {

constexpr std::array<std::pair<int, console_signal>, 10> handled{{
  {SIGINT, console_signal::interrupt},
  {SIGQUIT, console_signal::quit},
  {SIGTERM, console_signal::terminate},
  {SIGHUP, console_signal::hangup},
  {SIGWINCH, console_signal::resized},
  {SIGCONT, console_signal::resumed},
  {SIGTSTP, console_signal::stop},
  {SIGUSR1, console_signal::user1},
  {SIGUSR2, console_signal::user2},
  {SIGALRM, console_signal::alarm},
}};

bool is_ignored(int signo) {
  struct sigaction now{};
  return ::sigaction(signo, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Returns the handled signals that are not ignored, and SIGCONT.
sigset_t watched() {
  sigset_t result;
  ::sigemptyset(&result);
  for (auto& [signo, meaning] : handled)
    if (!is_ignored(signo))
      ::sigaddset(&result, signo);
  // It wakes the thread.
  ::sigaddset(&result, SIGCONT);
  return result;
}

/// Stops our process group. No thread may be waiting for SIGTSTP.
void stop_process_group() {
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTSTP);
  // All other threads block it, so it is delivered to this one at once.
  ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  ::kill(0, SIGTSTP);
  ::pthread_sigmask(SIG_BLOCK, &stop, nullptr);
}

} // namespace

void block_console_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  // If it were ignored, as the program that starts us may choose, we would not
  // learn how a child ended (wait(2)).
  std::signal(SIGCHLD, SIG_DFL);
  auto signals = watched();
  ::sigaddset(&signals, SIGTTIN);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

console_signal_thread::console_signal_thread(
  std::function<void(console_signal)> sink)
  : sink_(std::move(sink)), thread_([this] { run(); }) {
  // nop
}

console_signal_thread::~console_signal_thread() {
  stop_ = true;
  ::pthread_kill(thread_.native_handle(), SIGCONT);
  thread_.join();
}

void console_signal_thread::stop_job() {
  stop_job_ = true;
  ::pthread_kill(thread_.native_handle(), SIGCONT);
}

void console_signal_thread::run() {
  auto signals = watched();
  for (;;) {
    auto signo = ::sigwaitinfo(&signals, nullptr);
    if (stop_)
      return;
    if (stop_job_.exchange(false)) {
      stop_process_group();
      sink_(console_signal::resumed);
      // Another signal that came meanwhile counts as well.
      if (signo == SIGCONT)
        continue;
    }
    for (auto& [known, meaning] : handled)
      if (known == signo)
        sink_(meaning);
  }
}

} // namespace procession::cli
