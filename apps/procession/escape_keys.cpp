#include "escape_keys.hpp"

#include <optional>
#include <utility>

namespace procession::cli {

namespace {

constexpr auto ctrl_z = '\x1a';

bool ends_line(char c) noexcept {
  return c == '\r' || c == '\n';
}

std::optional<escape_command> meaning(char c) noexcept {
  switch (c) {
    case '.':
      return escape_command::end;
    case ctrl_z:
      return escape_command::suspend;
    case '?':
      return escape_command::help;
    default:
      return std::nullopt;
  }
}

} // namespace

escape_keys::escape_keys(char escape) noexcept : escape_(escape) {
  // nop
}

std::vector<escape_keys::part> escape_keys::take(std::string_view bytes) {
  std::vector<part> result;
  std::string text;
  auto flush = [&] {
    if (!text.empty())
      result.emplace_back(std::exchange(text, {}));
  };
  for (auto c : bytes) {
    auto before = std::exchange(state_, ends_line(c) ? state::line_start
                                                     : state::in_line);
    if (before == state::line_start && c == escape_) {
      state_ = state::escaped;
    } else if (before != state::escaped) {
      text += c;
    } else if (auto command = meaning(c)) {
      flush();
      result.emplace_back(*command);
      state_ = state::line_start;
    } else {
      text += escape_;
      if (c != escape_)
        text += c;
    }
  }
  flush();
  return result;
}

std::string escape_keys::rest() {
  auto held = std::exchange(state_, state::in_line) == state::escaped;
  return held ? std::string{escape_} : std::string{};
}

char parse_escape(std::string_view name) noexcept {
  auto key = '\0';
  if (name.size() == 1)
    key = name[0];
  else if (name.size() == 2 && name[0] == '^')
    key = name[1] == '?' ? '\x7f' : static_cast<char>(name[1] & 0x1f);
  // A key that has a meaning after the escape key could not be typed any more.
  return ends_line(key) || meaning(key) ? '\0' : key;
}

std::string escape_help(char key) {
  auto shown = std::string{key};
  if (key == 0x7f)
    shown = "^?";
  else if (static_cast<unsigned char>(key) < 0x20)
    shown = std::string{'^', static_cast<char>(key + 0x40)};
  auto line = [&](const char* text) { return ' ' + shown + text + "\r\n"; };
  auto twice = shown + std::string(4 - shown.size(), ' ') + "type it once";
  return "\r\nAt the start of a line:\r\n"
         + line(".   end the program as closing its terminal does; again: "
                "kill it")
         + line("^Z  suspend it, as its own ^Z cannot") + line("?   this list")
         + line(twice.c_str());
}

} // namespace procession::cli
