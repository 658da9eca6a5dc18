#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace procession::windows {

/// UTF-8, as all text of ours is, to what Windows takes.
/// @returns nothing if `x` is no UTF-8: no such name could be told apart from
///          another one.
std::optional<std::u16string> to_utf16(std::string_view x);

/// The other way. A surrogate without its other half, which names of files may
/// hold, becomes a replacement character.
std::string to_utf8(std::u16string_view x);

} // namespace procession::windows
