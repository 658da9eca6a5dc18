#include "procession/io/text/printable.hpp"

#include "procession/io/text/utf8.hpp"

namespace procession {

namespace {

bool is_control(std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

/// Whether it is U+061C, U+200E, U+200F, from U+2028 to U+202E or from U+2066
/// to U+2069.
bool changes_direction(std::string_view character) {
  if (character == "\u061c" || character == "\u200e" || character == "\u200f")
    return true;
  return (character >= "\u2028" && character <= "\u202e")
         || (character >= "\u2066" && character <= "\u2069");
}

} // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto next = utf8::first_piece(text);
    auto bytes = text.substr(0, next.size);
    auto shown = next.what == utf8::piece::kind::character && !is_control(bytes)
                 && !changes_direction(bytes);
    result += shown ? bytes : std::string_view{"?"};
    text.remove_prefix(next.size);
  }
  return result;
}

} // namespace procession
