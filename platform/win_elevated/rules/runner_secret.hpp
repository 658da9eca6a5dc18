#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

/// A runner's secret on its standard input, where no other program can read it:
/// two lines, the nonce and the process number of its parent.
struct runner_secret {
  std::string nonce;
  std::uint32_t parent = 0;
};

/// The longest valid text, in bytes.
inline constexpr std::size_t max_runner_secret = 512;

std::string to_text(const runner_secret& x);

/// @returns nothing if the text is invalid.
std::optional<runner_secret> parse_runner_secret(std::string_view text);

} // namespace procession::windows
