#pragma once

#include <cstdint>
#include <span>

namespace procession::windows {

/// How long the passwords are that we make, in characters: beyond 100 bits, and
/// any policy of Windows.
inline constexpr std::size_t password_length = 24;

/// Makes a password that every complexity policy of Windows takes: at least one
/// capital, small letter, digit and sign ("Password must meet complexity
/// requirements" on MSDN), all that there are equally likely.
/// @param random bytes of a good generator.
/// @returns whether they sufficed: 256 do but once in more than 10^9 times. If
///          not, `result` is unspecified.
bool make_password(std::span<const std::uint8_t> random,
                   std::span<wchar_t> result);

} // namespace procession::windows
