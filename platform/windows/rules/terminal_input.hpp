#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace procession::windows {

/// Translates input for a POSIX terminal into the same keys of the Windows
/// console. Enter is CR there, so LF and CRLF become CR; Backspace is DEL, so
/// BS becomes that. All other bytes stay.
class terminal_input {
public:
  /// Translates the next bytes. A CR at the end of one call and an LF at the
  /// beginning of the next are one Enter.
  std::string normalise(std::span<const std::byte> bytes);

  /// Returns the end of the input: the console's only end of file is Ctrl-Z at
  /// the start of a line, followed by Enter.
  std::string end_of_file() const;

private:
  bool after_cr_ = false;
  bool line_start_ = true;
};

} // namespace procession::windows
