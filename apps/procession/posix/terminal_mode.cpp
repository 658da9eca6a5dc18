#include "../terminal_mode.hpp"

#include "../job_control.hpp"
#include "input_descriptor.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace procession::cli {

namespace {

/// The descriptor of our input; never closed.
int keys = STDIN_FILENO;

// Globals, as a signal handler can reach nothing else.
termios former_mode;
volatile std::sig_atomic_t is_raw = 0;

/// The signals that end a program by default, except those that are handled as
/// a `console_signal`.
constexpr std::array fatal_signals{SIGABRT,   SIGBUS,  SIGFPE,  SIGILL,
                                   SIGSEGV,   SIGSYS,  SIGTRAP, SIGPROF,
                                   SIGVTALRM, SIGXCPU, SIGXFSZ};
std::array<struct sigaction, fatal_signals.size()> former_actions;

// Only functions that signal-safety(7) allows.
void restore_mode() noexcept {
  if (is_raw != 0) {
    is_raw = 0;
    ::tcsetattr(input_descriptor(), TCSANOW, &former_mode);
  }
}

extern "C" void procession_cli_fatal_signal(int signo) {
  restore_mode();
  // The handler was installed for one signal: this one ends the program.
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

/// Reads the waiting input of a terminal in line mode, with a ^D for each end
/// of input.
std::string read_lines(const termios& mode) {
  std::string result;
  // The limits are longer than a line of a terminal, and than anybody types
  // ahead.
  std::array<char, 4096> line;
  constexpr std::size_t most = 64 * 1024;
  constexpr auto end_of_input = '\x04';
  pollfd input{input_descriptor(), POLLIN, 0};
  while (result.size() < most && ::poll(&input, 1, 0) == 1
         && (input.revents & POLLIN) != 0) {
    auto n = ::read(input_descriptor(), line.data(), line.size());
    if (n < 0)
      break;
    result.append(line.data(), static_cast<std::size_t>(n));
    // A line without its end was cut off by an end of input.
    auto last = n > 0 ? static_cast<cc_t>(line[n - 1]) : cc_t{0};
    auto ends_line = n > 0
                     && (last == '\n' || last == mode.c_cc[VEOL]
                         || last == mode.c_cc[VEOL2]);
    if (!ends_line)
      result += end_of_input;
  }
  return result;
}

} // namespace

int input_descriptor() noexcept {
  return keys;
}

bool take_keys_from_terminal() {
  auto fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return false;
  keys = fd;
  return true;
}

bool input_is_terminal() {
  return ::isatty(input_descriptor()) == 1;
}

bool output_is_terminal(stream_kind which) {
  auto fd = which == stream_kind::out ? STDOUT_FILENO : STDERR_FILENO;
  return ::isatty(fd) == 1;
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
  struct sigaction action{};
  action.sa_handler = procession_cli_fatal_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  ::sigemptyset(&action.sa_mask);
  ::sigaddset(&action.sa_mask, SIGTTOU);
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &action, &former_actions[i]);
  // From here on nothing is shown, and a ^D is an ordinary character: the ends
  // of input that the terminal has already taken are read now, and one typed
  // before the mode changes is not lost in the change.
  if (in_foreground() && ::tcgetattr(input_descriptor(), &former_mode) == 0
      && (former_mode.c_lflag & ICANON) != 0) {
    is_raw = 1;
    auto mode = former_mode;
    mode.c_cc[VEOF] = _POSIX_VDISABLE;
    mode.c_lflag &= ~tcflag_t{ECHO};
    ::tcsetattr(input_descriptor(), TCSANOW, &mode);
    typed_ahead_ = read_lines(former_mode);
  }
  renew();
}

raw_mode::~raw_mode() {
  suspend();
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &former_actions[i], nullptr);
}

void raw_mode::renew() const {
  // A shell that took the terminal has set its own mode.
  if (!in_foreground()) {
    is_raw = 0;
    return;
  }
  if (is_raw == 0 && ::tcgetattr(input_descriptor(), &former_mode) != 0)
    return;
  is_raw = 1;
  auto mode = former_mode;
  ::cfmakeraw(&mode);
  if (out_ == output::cooked)
    mode.c_oflag = former_mode.c_oflag;
  ::tcsetattr(input_descriptor(), TCSADRAIN, &mode);
}

void restore_terminal_mode() noexcept {
  background_writes allowed;
  restore_mode();
}

void raw_mode::suspend() const {
  background_writes allowed;
  restore_mode();
}

} // namespace procession::cli
