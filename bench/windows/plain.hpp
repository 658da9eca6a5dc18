#pragma once

#include "../time.hpp"

#include <cstddef>
#include <cstdint>

/// The other side of each comparison: the system calls of a program that does
/// the same for one child on pipes, and nothing else.
namespace procession::bench::plain {

/// Reads a flood of `bytes` bytes, 64 KiB at a time, one overlapped read after
/// the other. @returns the seconds.
double flood(std::uint64_t bytes);

/// Writes and reads `count` messages, one after the other.
round_trips echo(std::size_t count, std::size_t size);

} // namespace procession::bench::plain
