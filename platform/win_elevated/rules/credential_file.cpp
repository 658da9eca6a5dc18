#include "procession/platform/win_elevated/rules/credential_file.hpp"

#include <algorithm>
#include <charconv>

namespace procession::windows {

namespace {

constexpr auto first_line = std::string_view{"procession credentials 1\n"};

constexpr auto digits = std::string_view{"0123456789abcdef"};

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The number of characters in UTF-8.
std::size_t length(std::string_view x) {
  return static_cast<std::size_t>(std::count_if(x.begin(), x.end(), [](char c) {
    return (c & 0xc0) != 0x80;
  }));
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0)
    return std::nullopt;
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned char byte = 0;
    auto end = text.data() + i + 2;
    auto [rest, ec] = std::from_chars(text.data() + i, end, byte, 16);
    if (ec != std::errc{} || rest != end)
      return std::nullopt;
    result += static_cast<char>(byte);
  }
  return result;
}

std::optional<std::int64_t> from_decimal(std::string_view text) {
  std::int64_t result = 0;
  auto end = text.data() + text.size();
  auto [rest, ec] = std::from_chars(text.data(), end, result);
  if (ec != std::errc{} || rest != end || result < 0)
    return std::nullopt;
  return result;
}

std::optional<protected_password> parse_line(std::string_view line) {
  auto first = line.find('\t');
  auto second = line.rfind('\t');
  if (first == second || !is_account_name(line.substr(0, first)))
    return std::nullopt;
  auto bytes = from_hex(line.substr(first + 1, second - first - 1));
  auto paused_until = from_decimal(line.substr(second + 1));
  if (!bytes || !paused_until)
    return std::nullopt;
  return protected_password{std::string{line.substr(0, first)},
                            std::move(*bytes), *paused_until};
}

} // namespace

bool is_account_name(std::string_view name) {
  constexpr auto forbidden = std::string_view{"\"/\\[]:|<>+=;,?*@\x7f"};
  auto bad = [&](char c) {
    return static_cast<unsigned char>(c) < ' '
           || forbidden.find(c) != std::string_view::npos;
  };
  return !name.empty() && length(name) <= 20
         && std::none_of(name.begin(), name.end(), bad) && name.back() != '.'
         && name.find_first_not_of(" .") != std::string_view::npos;
}

bool is_same_account(std::string_view x, std::string_view y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](char a, char b) { return to_lower(a) == to_lower(b); });
}

std::string to_text(const std::vector<protected_password>& x) {
  auto result = std::string{first_line};
  for (auto& [user, bytes, paused_until] : x) {
    result += user;
    result += '\t';
    for (auto c : bytes) {
      auto byte = static_cast<unsigned char>(c);
      result.append(1, digits[byte >> 4]).append(1, digits[byte & 0xf]);
    }
    result += '\t';
    result += std::to_string(paused_until);
    result += '\n';
  }
  return result;
}

std::optional<std::vector<protected_password>>
parse_credential_file(std::string_view text) {
  if (text.size() > max_credential_file || !text.starts_with(first_line))
    return std::nullopt;
  text.remove_prefix(first_line.size());
  std::vector<protected_password> result;
  while (!text.empty()) {
    auto end = text.find('\n');
    if (end == std::string_view::npos)
      return std::nullopt;
    auto entry = parse_line(text.substr(0, end));
    if (!entry || std::any_of(result.begin(), result.end(), [&](auto& x) {
          return is_same_account(x.user, entry->user);
        }))
      return std::nullopt;
    result.push_back(std::move(*entry));
    text.remove_prefix(end + 1);
  }
  return result;
}

} // namespace procession::windows
