#pragma once

#include <catch2/catch_all.hpp>

/// The header and the names of Catch2 2, which the suites use, over Catch2 3.
namespace Catch {

using Matchers::Matches;
using Matchers::StartsWith;

inline auto Contains(const std::string& text) {
  return Matchers::ContainsSubstring(text);
}

} // namespace Catch
