#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace procession::windows {

/// Turns what is typed to a POSIX terminal into what the Windows console takes
/// for the same keys. Enter is CR there, so LF and CRLF become CR; Backspace is
/// DEL, so BS becomes that. All else stays.
class terminal_input {
public:
  /// The next bytes; a CR at the end of one call and an LF at the beginning of
  /// the next are one Enter.
  std::string normalise(std::span<const std::byte> bytes);

  /// What ends the input: the console knows no end of file but Ctrl-Z at the
  /// start of a line, and Enter behind it.
  std::string end_of_file() const;

private:
  bool after_cr_ = false;
  bool line_start_ = true;
};

} // namespace procession::windows
