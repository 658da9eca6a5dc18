#pragma once

namespace procession::posix {

/// Closes the descriptors from `first` to `last` of the calling process. By
/// close_range(2), or where that is refused one after the other: those that
/// /proc/self/fd has, or if it cannot be read those that RLIMIT_NOFILE allows.
/// Bare system calls only, for a process between vfork and exec.
/// @returns what close_range(2) does; -1 only if nothing of that works.
long close_descriptors(unsigned first, unsigned last) noexcept;

} // namespace procession::posix
