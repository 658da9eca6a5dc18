#include "procession/platform/windows/rules/unicode.hpp"

#include "procession/io/text/utf8.hpp"

#include <cstddef>

namespace procession::windows {

namespace {

constexpr char32_t replacement = 0xfffd;

bool is_surrogate(char32_t x) {
  return x >= 0xd800 && x < 0xe000;
}

/// Takes one character off the front; returns nothing if it is invalid.
std::optional<char32_t> take(std::string_view& x) {
  auto next = utf8::first_piece(x);
  if (next.what != utf8::piece::kind::character)
    return std::nullopt;
  auto lead = static_cast<unsigned char>(x.front());
  // The first of several bytes begins with as many ones, and a zero.
  char32_t result = next.size == 1 ? lead : lead & (0x7fu >> next.size);
  for (auto c : x.substr(1, next.size - 1))
    result = result << 6 | (c & 0x3f);
  x.remove_prefix(next.size);
  return result;
}

void append(std::string& to, char32_t x) {
  auto tail = [&](int shift) {
    to += static_cast<char>(0x80 | (x >> shift & 0x3f));
  };
  if (x < 0x80) {
    to += static_cast<char>(x);
  } else if (x < 0x800) {
    to += static_cast<char>(0xc0 | x >> 6);
    tail(0);
  } else if (x < 0x10000) {
    to += static_cast<char>(0xe0 | x >> 12);
    tail(6);
    tail(0);
  } else {
    to += static_cast<char>(0xf0 | x >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

} // namespace

std::optional<std::u16string> to_utf16(std::string_view x) {
  std::u16string result;
  result.reserve(x.size());
  while (!x.empty()) {
    auto c = take(x);
    if (!c)
      return std::nullopt;
    if (*c < 0x10000) {
      result += static_cast<char16_t>(*c);
    } else {
      result += static_cast<char16_t>(0xd800 + ((*c - 0x10000) >> 10));
      result += static_cast<char16_t>(0xdc00 + (*c & 0x3ff));
    }
  }
  return result;
}

std::string to_utf8(std::u16string_view x) {
  std::string result;
  result.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    char32_t c = x[i];
    if (is_surrogate(c)) {
      auto paired = c < 0xdc00 && i + 1 < x.size() && x[i + 1] >= 0xdc00
                    && x[i + 1] < 0xe000;
      c = paired ? 0x10000 + ((c & 0x3ff) << 10) + (x[++i] & 0x3ffu)
                 : replacement;
    }
    append(result, c);
  }
  return result;
}

} // namespace procession::windows
