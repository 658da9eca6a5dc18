#include "procession/io/printable.hpp"

#include "procession/io/utf8.hpp"

namespace procession {

namespace {

bool is_control(std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

} // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto next = utf8::first_piece(text);
    auto bytes = text.substr(0, next.size);
    auto shown = next.what == utf8::piece::kind::character
                 && !is_control(bytes);
    result += shown ? bytes : std::string_view{"?"};
    text.remove_prefix(next.size);
  }
  return result;
}

} // namespace procession
