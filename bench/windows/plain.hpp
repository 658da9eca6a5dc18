#pragma once

#include "../time.hpp"

#include <cstddef>
#include <cstdint>

/// What we are measured against: the system calls that a program makes who
/// wants the same of one child on pipes and nothing else.
namespace procession::bench::plain {

/// Reads a flood of so many bytes, 64 KiB at a time, one overlapped read after
/// the other. @returns the seconds.
double flood(std::uint64_t bytes);

/// Writes and reads so many messages, one after the other.
round_trips echo(std::size_t count, std::size_t size);

} // namespace procession::bench::plain
