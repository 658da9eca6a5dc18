#pragma once

#include <string_view>

namespace procession {

/// Writes all of `text` to our standard output, waiting for room even where the
/// stream does not block. What cannot be written is lost. Any thread.
void print(std::string_view text);

/// @copydoc print to our error output.
void say(std::string_view text);

} // namespace procession
