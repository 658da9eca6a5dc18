#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::cli {

/// Reads some bytes of our input, waiting for them.
/// @param ec why it cannot be read; that there is none, that its writer or its
/// terminal is gone is no error but its end.
/// @returns 0 at its end.
std::size_t read_some(std::span<char> buffer, std::error_code& ec);

/// Lets go of our standard input, which is the program's alone from here on.
/// Nobody may read it any more.
void release_standard_input();

/// Writes some of it, at least one byte, to our standard output or error
/// output, waiting for room.
/// @param ec why nothing was written.
/// @returns how many bytes.
std::size_t write_some(stream_kind stream, std::span<const std::byte> bytes,
                       std::error_code& ec);

} // namespace procession::cli
