#include "procession/platform/posix/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <initializer_list>

namespace procession::posix {

namespace {

failure pty_failure(const std::error_code& ec, const char* text) {
  auto code = errc::spawn_failed;
  auto os_code = ec.value();
  if (no_descriptor_left(os_code))
    code = errc::out_of_descriptors;
  else if (os_code == ENOSPC || os_code == ENOENT || os_code == EAGAIN)
    code = errc::no_pty_left;
  return {code, {stage::open_pty, os_code, text}};
}

constexpr auto open_flags = O_RDWR | O_NOCTTY | O_CLOEXEC;

bool is_canonical(const termios& modes) {
  return (modes.c_lflag & ICANON) != 0 && (modes.c_lflag & EXTPROC) == 0;
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

expected<pty_pair> open_pty(terminal_size size) {
  auto no_terminal = [](const std::error_code& ec) {
    return pty_failure(ec, "the system has no pseudo-terminal to give");
  };
  std::error_code ec;
  // Elsewhere posix_openpt(3) takes only some of the flags; /dev/ptmx takes
  // all.
  auto raw_master = unique_fd{::open("/dev/ptmx", open_flags)};
  if (!raw_master)
    return no_terminal(last_error());
  auto master = at_least_3(std::move(raw_master), ec);
  if (!master)
    return no_terminal(ec);
  if (::unlockpt(master.get()) != 0)
    return no_terminal(last_error());
  auto slave = open_slave(master.get());
  if (!slave)
    return no_terminal(last_error());
  if (!set_size(master.get(), size, ec))
    return pty_failure(ec, "the size of the terminal could not be set");
  // Lets an erasing key erase all bytes of a character.
  termios modes{};
  if (::tcgetattr(slave.get(), &modes) == 0) {
    modes.c_iflag |= IUTF8;
    ::tcsetattr(slave.get(), TCSANOW, &modes);
  }
  return pty_pair{std::move(master), std::move(slave)};
}

typed_input look_at_input(int slave) {
  // This also moves input under way to the slave side (n_tty_poll of n_tty.c),
  // so it comes before the amount is read.
  pollfd look{slave, POLLIN, 0};
  ::poll(&look, 1, 0);
  if ((look.revents & POLLHUP) != 0)
    return typed_input::hung_up;
  // In a raw mode VMIN may require more than there is. In canonical mode an
  // unread end of input does not count as a byte, but can be read.
  auto unread = 0;
  return (look.revents & POLLIN) != 0
             || (::ioctl(slave, FIONREAD, &unread) == 0 && unread > 0)
           ? typed_input::unread
           : typed_input::read;
}

unique_fd open_slave(int master) {
  std::error_code ec;
  return at_least_3(unique_fd{::ioctl(master, TIOCGPTPEER, open_flags)}, ec);
}

typed_end end_of_input(int master, char before) {
  termios modes{};
  // The master returns the modes of the slave side.
  if (::tcgetattr(master, &modes) != 0)
    return {};
  auto is = [&](int which) {
    return modes.c_cc[which] != _POSIX_VDISABLE
           && static_cast<cc_t>(before) == modes.c_cc[which];
  };
  auto canonical = is_canonical(modes);
  if (modes.c_cc[VEOF] == _POSIX_VDISABLE)
    return {{}, canonical};
  auto signals = (modes.c_lflag & ISIG) != 0;
  // These characters end a line, submit it or empty it.
  auto at_start = before == '\n'
                  || (before == '\r' && (modes.c_iflag & ICRNL) != 0)
                  || is(VEOF) || is(VEOL) || is(VEOL2) || is(VKILL)
                  || (signals && (is(VINTR) || is(VQUIT) || is(VSUSP)));
  // Inside a line the first one only submits the line as it is.
  return {std::string(at_start || !canonical ? 1 : 2,
                      static_cast<char>(modes.c_cc[VEOF])),
          canonical};
}

std::optional<std::size_t> line_after(int master, std::size_t before,
                                      std::string_view typed) {
  termios modes{};
  if (::tcgetattr(master, &modes) != 0 || !is_canonical(modes))
    return 0;
  enum class key : unsigned char { text, end, edit, nothing };
  std::array<key, 256> meaning{};
  auto set = [&](std::initializer_list<int> which, key to) {
    for (auto i : which)
      if (modes.c_cc[i] != _POSIX_VDISABLE)
        meaning[modes.c_cc[i]] = to;
  };
  set({VERASE, VWERASE, VKILL, VREPRINT, VLNEXT, VINTR, VQUIT, VSUSP, VSTART,
       VSTOP},
      key::edit);
  set({VEOF, VEOL, VEOL2}, key::end);
  // termios(3): IGNCR goes before ICRNL.
  if ((modes.c_iflag & IGNCR) != 0)
    meaning['\r'] = key::nothing;
  else if ((modes.c_iflag & ICRNL) != 0)
    meaning['\r'] = key::end;
  if ((modes.c_iflag & INLCR) == 0)
    meaning['\n'] = key::end;
  auto mask = (modes.c_iflag & ISTRIP) != 0 ? 0x7fU : 0xffU;
  auto length = before;
  for (auto c : typed) {
    switch (meaning[static_cast<unsigned char>(c) & mask]) {
      case key::text:
        ++length;
        break;
      case key::end:
        if (length > longest_line)
          return std::nullopt;
        length = 0;
        break;
      case key::edit:
        length = 0;
        break;
      case key::nothing:
        break;
    }
  }
  if (length > longest_line)
    return std::nullopt;
  return length;
}

} // namespace procession::posix
