#pragma once

#include <cstdint>
#include <span>

namespace procession::windows {

/// The length of our passwords, in characters: more than 100 bits, and enough
/// for any policy of Windows.
inline constexpr std::size_t password_length = 24;

/// Makes a password that every complexity policy of Windows accepts: at least
/// one capital, small letter, digit and sign ("Password must meet complexity
/// requirements" on MSDN), all such passwords equally likely.
/// @param random bytes of a good generator.
/// @returns whether they sufficed: 256 do, except once in more than 10^9 times.
///          If not, `result` is unspecified.
bool make_password(std::span<const std::uint8_t> random,
                   std::span<wchar_t> result);

} // namespace procession::windows
