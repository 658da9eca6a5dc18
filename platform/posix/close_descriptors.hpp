#pragma once

namespace procession::posix {

/// Closes the descriptors from `first` to `last` of the calling process. Uses
/// close_range(2), or where that is refused closes one after the other: those
/// in /proc/self/fd, or if that cannot be read those that RLIMIT_NOFILE allows.
/// Makes bare system calls only, for a process between vfork and exec.
/// @returns as close_range(2); -1 only if all of these fail.
long close_descriptors(unsigned first, unsigned last) noexcept;

/// Closes every descriptor above 2 except `kept`, in the same way.
/// @param kept one above 2, or negative: none.
long close_descriptors_but(int kept) noexcept;

} // namespace procession::posix
