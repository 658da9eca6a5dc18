#pragma once

#include <string>
#include <string_view>

namespace procession {

/// Returns untrusted text in a form that is safe to show: a `?` replaces each
/// control character (C0 and C1, so U+0080 to U+009F too, which terminals take
/// for the beginning of a sequence), each line or paragraph separator, each
/// character that changes the direction of text (UAX #9: it would look
/// different from its content) and each byte that is not part of UTF-8. The
/// result is not longer than `text` in bytes.
std::string printable(std::string_view text);

} // namespace procession
