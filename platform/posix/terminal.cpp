#include "procession/platform/posix/terminal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace procession::posix {

namespace {

failure pty_failure(const std::error_code& ec, const char* text) {
  auto code = errc::spawn_failed;
  switch (ec.value()) {
    case ENOSPC:
    case ENOENT:
    case EAGAIN:
      code = errc::no_pty_left;
      break;
    case EMFILE:
    case ENFILE:
      code = errc::out_of_descriptors;
      break;
    default:
      break;
  }
  return {code, {stage::open_pty, ec.value(), text}};
}

} // namespace

bool set_size(int master, terminal_size size, std::error_code& ec) {
  winsize value{};
  value.ws_row = size.rows;
  value.ws_col = size.cols;
  if (::ioctl(master, TIOCSWINSZ, &value) == 0)
    return true;
  ec = last_error();
  return false;
}

std::variant<pty_pair, failure> open_pty(terminal_size size) {
  constexpr auto flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  auto no_terminal = [](const std::error_code& ec) {
    return pty_failure(ec, "the system has no pseudo-terminal to give");
  };
  std::error_code ec;
  // posix_openpt(3) takes only some of the flags elsewhere; /dev/ptmx all.
  auto raw_master = unique_fd{::open("/dev/ptmx", flags)};
  if (!raw_master)
    return no_terminal(last_error());
  auto master = at_least_3(std::move(raw_master), ec);
  if (!master)
    return no_terminal(ec);
  if (::unlockpt(master.get()) != 0)
    return no_terminal(last_error());
  auto raw_slave = unique_fd{::ioctl(master.get(), TIOCGPTPEER, flags)};
  if (!raw_slave)
    return no_terminal(last_error());
  auto slave = at_least_3(std::move(raw_slave), ec);
  if (!slave)
    return no_terminal(ec);
  if (!set_size(master.get(), size, ec))
    return pty_failure(ec, "the size of the terminal could not be set");
  // So that erasing a character in a line erases all its bytes.
  termios modes{};
  if (::tcgetattr(slave.get(), &modes) == 0) {
    modes.c_iflag |= IUTF8;
    ::tcsetattr(slave.get(), TCSANOW, &modes);
  }
  return pty_pair{std::move(master), std::move(slave)};
}

std::string end_of_input(int master, char before) {
  termios modes{};
  // On the master this asks for the modes of the slave side.
  if (::tcgetattr(master, &modes) != 0)
    return {};
  auto is = [&](int which) {
    return modes.c_cc[which] != _POSIX_VDISABLE
           && static_cast<cc_t>(before) == modes.c_cc[which];
  };
  if (modes.c_cc[VEOF] == _POSIX_VDISABLE)
    return {};
  auto signals = (modes.c_lflag & ISIG) != 0;
  // What ends a line, hands it over or empties it.
  auto at_start = before == '\n'
                  || (before == '\r' && (modes.c_iflag & ICRNL) != 0)
                  || is(VEOF) || is(VEOL) || is(VEOL2) || is(VKILL)
                  || (signals && (is(VINTR) || is(VQUIT) || is(VSUSP)));
  // Inside a line the first one only hands the line over as it is.
  return std::string(at_start ? 1 : 2, static_cast<char>(modes.c_cc[VEOF]));
}

} // namespace procession::posix
