#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace procession::cli {

/// What is asked of us, not of the program, by the escape key and another one.
enum class escape_command : std::uint8_t {
  /// `.`: end the program.
  end,
  /// `^Z`: stop the program and us.
  suspend,
  /// `?`: say what there is.
  help,
};

/// Looks for the escape key in what is typed, as ssh(1) does: it counts after
/// the end of a line and at the beginning only. Twice it is itself; before any
/// other key that means nothing, both are the program's.
class escape_keys {
public:
  /// Bytes for the program, or a command for us.
  using part = std::variant<std::string, escape_command>;

  /// @param escape the key; must not be CR or LF.
  explicit escape_keys(char escape) noexcept;

  /// Takes what was typed next, in whatever pieces.
  /// @returns what it comes to, in order.
  std::vector<part> take(std::string_view bytes);

  /// At the end of the input: what was held back.
  std::string rest();

private:
  enum class state { line_start, in_line, escaped };

  char escape_;
  state state_ = state::line_start;
};

/// The command line's name of an escape key: one character, or `^` and another
/// for the control key.
/// @returns 0 if it does not name a key.
char parse_escape(std::string_view name) noexcept;

/// The text about what can be typed after the escape key, for a raw terminal.
std::string escape_help(char key);

} // namespace procession::cli
