#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace procession::cli {

/// A command to us, not to the program: the escape key and another one.
enum class escape_command : std::uint8_t {
  /// `.`: end the program.
  end,
  /// `^Z`: stop the program and us.
  suspend,
  /// `?`: list the commands.
  help,
};

/// Looks for the escape key in the input, as ssh(1) does. It counts only at the
/// start of a line. If it is typed twice, the program gets it once; if the next
/// key is not a command, the program gets both.
class escape_keys {
public:
  /// Bytes for the program, or a command for us.
  using part = std::variant<std::string, escape_command>;

  /// @param escape the key; must not be CR or LF.
  explicit escape_keys(char escape) noexcept;

  /// Takes the next piece of input; pieces may be cut anywhere.
  /// @returns the bytes and commands in it, in order.
  std::vector<part> take(std::string_view bytes);

  /// Returns the key that was held back, at the end of the input.
  std::string rest();

private:
  enum class state { line_start, in_line, escaped };

  char escape_;
  state state_ = state::line_start;
};

/// Reads the name of an escape key on the command line: one character, or `^`
/// and another for a control key.
/// @returns 0 if it does not name a key.
char parse_escape(std::string_view name) noexcept;

/// Returns the list of the keys after the escape key, for a terminal in raw
/// mode.
std::string escape_help(char key);

} // namespace procession::cli
