#include "procession/platform/windows/rules/unicode.hpp"

#include <array>
#include <cstddef>

namespace procession::windows {

namespace {

constexpr char32_t replacement = 0xfffd;

bool is_surrogate(char32_t x) {
  return x >= 0xd800 && x < 0xe000;
}

/// Takes one character off the front; returns nothing if it is invalid.
std::optional<char32_t> take(std::string_view& x) {
  auto first = static_cast<unsigned char>(x.front());
  x.remove_prefix(1);
  if (first < 0x80)
    return first;
  // The number of bytes that follow, and the least value that needs them (RFC
  // 3629).
  constexpr std::array<char32_t, 4> least{0, 0x80, 0x800, 0x10000};
  auto more = first >= 0xf8   ? 0u
              : first >= 0xf0 ? 3u
              : first >= 0xe0 ? 2u
              : first >= 0xc0 ? 1u
                              : 0u;
  if (more == 0 || x.size() < more)
    return std::nullopt;
  char32_t result = first & (0x3fu >> more);
  for (auto i = 0u; i < more; ++i) {
    auto next = static_cast<unsigned char>(x.front());
    if ((next & 0xc0) != 0x80)
      return std::nullopt;
    x.remove_prefix(1);
    result = result << 6 | (next & 0x3f);
  }
  if (result < least[more] || result > 0x10ffff || is_surrogate(result))
    return std::nullopt;
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
