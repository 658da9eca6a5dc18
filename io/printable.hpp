#pragma once

#include <string>
#include <string_view>

namespace procession {

/// What somebody said whom we do not trust, fit to be shown: a `?` in the place
/// of each control character (of C0 and C1, so U+0080 to U+009F too, which
/// terminals take for the beginning of a sequence) and of each byte that is not
/// part of UTF-8. As long as `text` in bytes or shorter.
std::string printable(std::string_view text);

} // namespace procession
