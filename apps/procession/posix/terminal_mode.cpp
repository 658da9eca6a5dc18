#include "../terminal_mode.hpp"

#include "../job_control.hpp"

#include <array>
#include <csignal>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace procession::cli {

namespace {

// What a signal handler needs: nothing else can reach it.
termios former_mode;
volatile std::sig_atomic_t is_raw = 0;

/// Signals that end a program which does not handle them; the others are those
/// of `console_signal`.
constexpr std::array fatal_signals{SIGABRT,   SIGBUS,  SIGFPE,  SIGILL,
                                   SIGSEGV,   SIGSYS,  SIGTRAP, SIGPROF,
                                   SIGVTALRM, SIGXCPU, SIGXFSZ};
std::array<struct sigaction, fatal_signals.size()> former_actions;

// Only functions that signal-safety(7) allows.
void restore_mode() noexcept {
  if (is_raw != 0) {
    is_raw = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &former_mode);
  }
}

extern "C" void procession_cli_fatal_signal(int signo) {
  restore_mode();
  // The handler was for once: this time it ends the program.
  ::raise(signo);
}

/// Lets a process in the background set its terminal without being stopped.
class background_writes {
public:
  background_writes() noexcept {
    ::sigemptyset(&stop_);
    ::sigaddset(&stop_, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &stop_, &former_);
  }

  background_writes(const background_writes&) = delete;
  background_writes& operator=(const background_writes&) = delete;

  ~background_writes() {
    ::pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }

private:
  sigset_t stop_;
  sigset_t former_;
};

} // namespace

bool input_is_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

bool error_output_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

std::optional<terminal_size> console_size() {
  for (auto fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
        && size.ws_col > 0)
      return terminal_size{size.ws_row, size.ws_col};
  }
  return std::nullopt;
}

raw_mode::raw_mode(output out) : out_(out) {
  struct sigaction action {};
  action.sa_handler = procession_cli_fatal_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  ::sigaddset(&action.sa_mask, SIGTTOU);
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &action, &former_actions[i]);
  renew();
}

raw_mode::~raw_mode() {
  suspend();
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &former_actions[i], nullptr);
}

void raw_mode::renew() const {
  // A shell that took the terminal away has set the mode that it likes.
  if (!in_foreground()) {
    is_raw = 0;
    return;
  }
  if (is_raw == 0 && ::tcgetattr(STDIN_FILENO, &former_mode) != 0)
    return;
  is_raw = 1;
  auto mode = former_mode;
  ::cfmakeraw(&mode);
  if (out_ == output::cooked)
    mode.c_oflag = former_mode.c_oflag;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

void raw_mode::suspend() const {
  background_writes allowed;
  restore_mode();
}

} // namespace procession::cli
