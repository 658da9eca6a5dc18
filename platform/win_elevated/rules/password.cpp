#include "procession/platform/win_elevated/rules/password.hpp"

#include <algorithm>
#include <string_view>

namespace procession::windows {

namespace {

constexpr auto capitals = std::wstring_view{L"ABCDEFGHIJKLMNOPQRSTUVWXYZ"};
constexpr auto small = std::wstring_view{L"abcdefghijklmnopqrstuvwxyz"};
constexpr auto numerals = std::wstring_view{L"0123456789"};
/// The signs exclude those with a meaning to a shell or in a file.
constexpr auto signs = std::wstring_view{L"!#$()+,-.:;=?@[]_{}~"};

constexpr auto alphabet_size = capitals.size() + small.size() + numerals.size()
                               + signs.size();

wchar_t letter(std::size_t i) {
  for (auto part : {capitals, small, numerals, signs}) {
    if (i < part.size())
      return part[i];
    i -= part.size();
  }
  return L'?';
}

bool has_one_of(std::span<const wchar_t> text, std::wstring_view part) {
  return std::any_of(text.begin(), text.end(), [&](wchar_t c) {
    return part.find(c) != std::wstring_view::npos;
  });
}

} // namespace

bool make_password(std::span<const std::uint8_t> random,
                   std::span<wchar_t> result) {
  // Larger bytes are dropped, as they would favour the first letters.
  constexpr auto usable = 256 / alphabet_size * alphabet_size;
  std::size_t n = 0;
  for (auto byte : random) {
    if (byte >= usable)
      continue;
    result[n++] = letter(byte % alphabet_size);
    if (n < result.size())
      continue;
    auto complex = [&](auto... parts) {
      return (has_one_of(result, parts) && ...);
    };
    if (complex(capitals, small, numerals, signs))
      return true;
    n = 0;
  }
  return false;
}

} // namespace procession::windows
