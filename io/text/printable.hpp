#pragma once

#include <string>
#include <string_view>

namespace procession {

/// Untrusted text, fit to be shown: a `?` replaces each control character (of
/// C0 and C1, so U+0080 to U+009F too, which terminals take for the beginning
/// of a sequence), each line or paragraph separator, each character that
/// changes the direction of text (UAX #9: what is read would differ from what
/// is there) and each byte that is not part of UTF-8. As long as `text` in
/// bytes or shorter.
std::string printable(std::string_view text);

} // namespace procession
