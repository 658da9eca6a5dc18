#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::cli {

/// Reads some bytes of our standard input, waiting for them.
/// @returns 0 at its end, or when it cannot be read.
std::size_t read_some(std::span<char> buffer);

/// Writes all of it to our standard output or error output, waiting for room.
std::error_code write_all(stream_kind stream, std::span<const std::byte> bytes);

} // namespace procession::cli
