#include "procession/platform/windows/rules/terminal_input.hpp"

#include <utility>

namespace procession::windows {

std::string terminal_input::normalise(std::span<const std::byte> bytes) {
  std::string result;
  result.reserve(bytes.size());
  for (auto x : bytes) {
    auto c = static_cast<char>(x);
    // The CR has already typed this Enter.
    if (std::exchange(after_cr_, c == '\r') && c == '\n')
      continue;
    if (c == '\n')
      c = '\r';
    else if (c == '\b')
      c = '\x7f';
    line_start_ = c == '\r';
    result += c;
  }
  return result;
}

std::string terminal_input::end_of_file() const {
  return line_start_ ? "\x1a\r" : "\r\x1a\r";
}

} // namespace procession::windows
