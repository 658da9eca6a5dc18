#include "../console_signals.hpp"

#include <csignal>
#include <optional>
#include <pthread.h>
#include <utility>

namespace procession::cli {

namespace {

constexpr auto handled = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,  SIGWINCH,
                          SIGCONT, SIGTSTP, SIGUSR1, SIGUSR2, SIGALRM};

bool is_ignored(int signo) {
  struct sigaction now{};
  return ::sigaction(signo, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Returns the handled signals that are not ignored, and SIGCONT.
sigset_t watched() {
  sigset_t result;
  ::sigemptyset(&result);
  for (auto signo : handled)
    if (!is_ignored(signo))
      ::sigaddset(&result, signo);
  // It wakes the thread.
  ::sigaddset(&result, SIGCONT);
  return result;
}

std::optional<console_signal> meaning(int signo) {
  switch (signo) {
    case SIGINT:
      return console_signal::interrupt;
    case SIGQUIT:
      return console_signal::quit;
    case SIGTERM:
      return console_signal::terminate;
    case SIGHUP:
      return console_signal::hangup;
    case SIGWINCH:
      return console_signal::resized;
    case SIGCONT:
      return console_signal::resumed;
    case SIGTSTP:
      return console_signal::stop;
    case SIGUSR1:
      return console_signal::user1;
    case SIGUSR2:
      return console_signal::user2;
    case SIGALRM:
      return console_signal::alarm;
    default:
      return std::nullopt;
  }
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
    if (auto x = meaning(signo))
      sink_(*x);
  }
}

} // namespace procession::cli
