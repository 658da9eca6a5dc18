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

/// Opens a pseudo-terminal of the given size (pty(7)). TIOCGPTPEER (Linux 4.13)
/// opens the slave side without a path, so no mount has to match.
expected<pty_pair> open_pty(terminal_size size);

/// Sets the size; the foreground job gets SIGWINCH (ioctl_tty(2)).
bool set_size(int master, terminal_size size, std::error_code& ec);

/// The state of the typed input.
enum class typed_input {
  /// The slave side has not read all of it.
  unread,
  /// The slave side has read all that it can, which excludes an unfinished line
  /// in canonical mode.
  read,
  /// The descriptor is dead (vhangup(2), as by login(1)); another process may
  /// have opened the slave side again.
  hung_up
};

/// Looks at the input by a descriptor of the slave side.
typed_input look_at_input(int slave);

/// Opens the slave side once more; returns an empty descriptor if that fails.
unique_fd open_slave(int master);

/// The text that ends the input if it is typed now (termios(3), VEOF).
struct typed_end {
  /// The character; twice if the first one ends a line. Empty if it is
  /// disabled.
  std::string text;
  /// Whether the slave side takes it for the end; otherwise it is a key, which
  /// the program may take for the end.
  bool canonical = false;
};

/// @param before the last character typed.
typed_end end_of_input(int master, char before);

/// The longest line in canonical mode, without its end (N_TTY_BUF_SIZE of
/// n_tty.c). The kernel silently drops the rest of a longer one.
inline constexpr std::size_t longest_line = 4095;

/// The length of the line that `typed` leaves unfinished, as the terminal is
/// now; empty if the kernel would drop a part of `typed`. 0 in a raw mode,
/// which has no lines. Editing characters (VERASE, VLNEXT and the like,
/// signals) may empty a line, so only the characters after them count: the
/// check may pass too much, never too little. And the mode may have changed
/// when the kernel gets there.
/// @param before the same for all that was typed before.
std::optional<std::size_t> line_after(int master, std::size_t before,
                                      std::string_view typed);

} // namespace procession::posix
