#include "procession/io/printable.hpp"

#include <cstddef>

namespace procession {

namespace {

/// How many bytes the character that `text` begins with has; 0 if it is none
/// (RFC 3629: no longer form than needed, no surrogates, up to U+10FFFF).
std::size_t character_size(std::string_view text) {
  auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  auto follows = [&](std::size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    auto low = first == 0xe0 ? 0xa0u : 0x80u;
    auto high = first == 0xed ? 0x9fu : 0xbfu;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    auto low = first == 0xf0 ? 0x90u : 0x80u;
    auto high = first == 0xf4 ? 0x8fu : 0xbfu;
    auto whole = follows(1, low, high) && follows(2, 0x80, 0xbf)
                 && follows(3, 0x80, 0xbf);
    return whole ? 4 : 0;
  }
  return 0;
}

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
    auto n = character_size(text);
    auto shown = n > 0 && !is_control(text.substr(0, n));
    result += shown ? text.substr(0, n) : std::string_view{"?"};
    text.remove_prefix(n > 0 ? n : 1);
  }
  return result;
}

} // namespace procession
