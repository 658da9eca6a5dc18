#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/posix/fd.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace procession::posix {

/// Both sides of a pseudo-terminal, close-on-exec, numbered 3 or higher.
struct pty_pair {
  /// Non-blocking.
  unique_fd master;
  /// Output ends once every holder, including us, has closed it.
  unique_fd slave;
};

/// Opens a pseudo-terminal of the given size (pty(7); the slave side by
/// TIOCGPTPEER, Linux 4.13, which needs no path and no mount to agree).
expected<pty_pair> open_pty(terminal_size size);

/// Sets the size; the foreground job gets SIGWINCH (ioctl_tty(2)).
bool set_size(int master, terminal_size size, std::error_code& ec);

/// What became of what was typed.
enum class typed_input {
  /// The slave side has not read all of it.
  unread,
  /// It has read all that it can read: not so an unfinished line in canonical
  /// mode.
  read,
  /// The descriptor is dead (vhangup(2), as login(1) does); others may have the
  /// slave side open again.
  hung_up
};

/// Asks a descriptor of the slave side.
typed_input look_at_input(int slave);

/// Opens the slave side once more; none if that fails.
unique_fd open_slave(int master);

/// What ends the input if it is typed now (termios(3), VEOF).
struct typed_end {
  /// The character; twice if that ends a line first. Empty if it is disabled.
  std::string text;
  /// Whether the slave side takes it for the end; otherwise it is a key that
  /// the program may take for the end.
  bool canonical = false;
};

/// @param before what was typed last.
typed_end end_of_input(int master, char before);

/// How long a line may be in canonical mode, without its end (N_TTY_BUF_SIZE of
/// n_tty.c); the kernel drops what is longer and says nothing.
inline constexpr std::size_t longest_line = 4095;

/// How long the line is that `typed` leaves unfinished, as the terminal is now;
/// nothing if the kernel would drop a part of `typed`. 0 in a raw mode, which
/// knows no lines. What edits a line (VERASE, VLNEXT and the like, signals) may
/// empty it, so only what follows counts: too much may pass, never too little.
/// And the mode may be another one once the kernel gets there.
/// @param before the same for all that was typed before.
std::optional<std::size_t> line_after(int master, std::size_t before,
                                      std::string_view typed);

} // namespace procession::posix
