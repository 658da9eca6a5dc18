#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace procession::test {

/// Returns whether `part` stands in `text`.
inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Returns bytes of every value, in which each place looks different.
inline std::string noise(std::size_t n) {
  std::minstd_rand random{42};
  auto result = std::string(n, '\0');
  for (auto& c : result)
    c = static_cast<char>(random() >> 8);
  return result;
}

} // namespace procession::test
