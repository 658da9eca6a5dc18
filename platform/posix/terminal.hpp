#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/error.hpp"
#include "procession/platform/posix/fd.hpp"

#include <string>
#include <system_error>
#include <variant>

namespace procession::posix {

/// Both sides of a pseudo-terminal, close-on-exec, numbered 3 or higher.
struct pty_pair {
  /// Non-blocking.
  unique_fd master;
  /// The end of output is that nobody, us included, has it open any more.
  unique_fd slave;
};

/// Opens a pseudo-terminal of the given size (pty(7); the slave side by
/// TIOCGPTPEER, Linux 4.13, which needs no path and no mount to agree).
std::variant<pty_pair, failure> open_pty(terminal_size size);

/// Sets the size; the foreground job gets SIGWINCH (ioctl_tty(2)).
bool set_size(int master, terminal_size size, std::error_code& ec);

/// What is to be typed to end the input (termios(3), VEOF), as the terminal has
/// it now: once at the start of a line, else twice. Nothing if it is disabled.
/// @param before what was typed last.
std::string end_of_input(int master, char before);

} // namespace procession::posix
