#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::cli {

/// Waits for some bytes of our input and reads them.
/// @param ec the error if the input cannot be read. A closed input, or one
/// whose
///           writer or terminal is gone, is at its end; that is not an error.
/// @returns 0 at its end.
std::size_t read_some(std::span<char> buffer, std::error_code& ec);

/// Closes our standard input, which from here on belongs to the program alone.
/// It must not be read afterwards.
void release_standard_input();

/// Waits for room and writes some bytes, at least one, to our standard output
/// or error output.
/// @param ec the error if nothing was written.
/// @returns the number of bytes written.
std::size_t write_some(stream_kind stream, std::span<const std::byte> bytes,
                       std::error_code& ec);

} // namespace procession::cli
