#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::cli {

/// Reads some bytes of our standard input, waiting for them.
/// @param ec why it cannot be read; that there is none, that its writer or its
/// terminal is gone is no error but its end.
/// @returns 0 at its end.
std::size_t read_some(std::span<char> buffer, std::error_code& ec);

/// Writes all of it to our standard output or error output, waiting for room.
std::error_code write_all(stream_kind stream, std::span<const std::byte> bytes);

} // namespace procession::cli
