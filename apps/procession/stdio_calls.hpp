#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::cli {

/// Reads some bytes of our input, waiting for them.
/// @param ec why it cannot be read. A closed input, or one whose writer or
///           terminal is gone, is at its end; that is not an error.
/// @returns 0 at its end.
std::size_t read_some(std::span<char> buffer, std::error_code& ec);

/// Closes our standard input, which belongs to the program alone from here on.
/// Do not read it after that.
void release_standard_input();

/// Writes some of it, at least one byte, to our standard output or error
/// output, waiting for room.
/// @param ec why nothing was written.
/// @returns how many bytes.
std::size_t write_some(stream_kind stream, std::span<const std::byte> bytes,
                       std::error_code& ec);

} // namespace procession::cli
