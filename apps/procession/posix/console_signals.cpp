#include "../console_signals.hpp"

#include <csignal>
#include <optional>
#include <pthread.h>
#include <utility>

namespace procession::cli {

namespace {

constexpr auto handled = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};

bool is_ignored(int signo) {
  struct sigaction now {};
  return ::sigaction(signo, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// Those of the handled signals that we are not to ignore.
sigset_t watched() {
  sigset_t result;
  ::sigemptyset(&result);
  for (auto signo : handled)
    if (!is_ignored(signo))
      ::sigaddset(&result, signo);
  // By it the thread is told to stop.
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
    default:
      return std::nullopt;
  }
}

} // namespace

void block_console_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  // Who starts us may ignore it, and then nobody learns how a child ended
  // (wait(2)).
  std::signal(SIGCHLD, SIG_DFL);
  auto signals = watched();
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

void console_signal_thread::run() const {
  auto signals = watched();
  for (;;) {
    auto signo = ::sigwaitinfo(&signals, nullptr);
    if (stop_)
      return;
    if (auto x = meaning(signo))
      sink_(*x);
  }
}

} // namespace procession::cli
