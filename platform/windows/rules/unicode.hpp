#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

/// Converts UTF-8, as all our text is, for Windows.
/// @returns nothing if `x` is not UTF-8: a replacement could stand for another
///          name.
std::optional<std::u16string> to_utf16(std::string_view x);

/// Converts back. A surrogate without its other half, which file names may
/// contain, becomes a replacement character.
std::string to_utf8(std::u16string_view x);

} // namespace procession::windows
