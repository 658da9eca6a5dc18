#pragma once

#include <string_view>

namespace procession {

/// Writes all of `text` to our standard output and waits for room even if the
/// stream is non-blocking. Text that cannot be written is lost. Any thread.
void print(std::string_view text);

/// @copydoc print to our error output.
void say(std::string_view text);

} // namespace procession
