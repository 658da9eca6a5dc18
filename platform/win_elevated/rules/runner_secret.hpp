#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

/// What a runner is told through its standard input, where nobody else can read
/// it: two lines, the nonce and the number of its parent's process.
struct runner_secret {
  std::string nonce;
  std::uint32_t parent = 0;
};

/// The longest text that is taken for one, in bytes.
inline constexpr std::size_t max_runner_secret = 512;

std::string to_text(const runner_secret& x);

/// @returns nothing if it is no such text.
std::optional<runner_secret> parse_runner_secret(std::string_view text);

} // namespace procession::windows
