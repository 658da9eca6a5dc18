#include "procession/platform/windows/rules/environment_block.hpp"

#include "procession/platform/windows/rules/unicode.hpp"

#include <algorithm>
#include <utility>

namespace procession::windows {

namespace {

/// The name of an entry; a drive's directory has one that begins with '='.
std::u16string_view name_of(std::u16string_view entry) {
  return entry.substr(0, entry.find(u'=', 1));
}

char16_t upper(char16_t c) {
  return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - u'a' + u'A') : c;
}

} // namespace

int ascii_order(std::u16string_view x, std::u16string_view y) {
  auto [i, j] = std::mismatch(x.begin(), x.end(), y.begin(), y.end(),
                              [](char16_t a, char16_t b) {
                                return upper(a) == upper(b);
                              });
  if (i == x.end() || j == y.end())
    return (i != x.end()) - (j != y.end());
  return upper(*i) < upper(*j) ? -1 : 1;
}

std::optional<environment_block>
environment_block::make(const environment& changes,
                        std::vector<std::u16string> inherited,
                        name_order order) {
  environment_block result{order};
  if (changes.inherit)
    result.entries_ = std::move(inherited);
  for (auto& name : changes.unset) {
    auto wide = to_utf16(name);
    if (!wide)
      return std::nullopt;
    result.erase(*wide);
  }
  for (auto& [name, value] : changes.set) {
    auto wide_name = to_utf16(name);
    auto wide_value = to_utf16(value);
    if (!wide_name || !wide_value)
      return std::nullopt;
    result.erase(*wide_name);
    result.entries_.push_back(*wide_name + u'=' + *wide_value);
  }
  std::stable_sort(result.entries_.begin(), result.entries_.end(),
                   [order](const auto& x, const auto& y) {
                     return order(name_of(x), name_of(y)) < 0;
                   });
  return result;
}

std::u16string environment_block::text() const {
  std::u16string result;
  for (auto& x : entries_)
    result.append(x).append(1, u'\0');
  return result.append(entries_.empty() ? 2 : 1, u'\0');
}

std::optional<std::string>
environment_block::get(std::u16string_view name) const {
  for (auto& x : entries_)
    if (order_(name_of(x), name) == 0)
      return to_utf8(std::u16string_view{x}.substr(name.size() + 1));
  return std::nullopt;
}

void environment_block::erase(std::u16string_view name) {
  std::erase_if(entries_, [&](const std::u16string& x) {
    return order_(name_of(x), name) == 0;
  });
}

} // namespace procession::windows
