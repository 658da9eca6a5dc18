#pragma once

#include "procession/platform/posix/fd.hpp"

#include <system_error>

namespace procession::posix {

/// Writes the program procession-keeper, which is part of the library, to a
/// nameless executable file in memory (memfd_create(2)). Where that is refused,
/// as by a filter or vm.memfd_noexec, uses the first file system that allows
/// execution: in $XDG_RUNTIME_DIR, /run, /dev/shm, /tmp or /var/tmp.
/// @param ec set to the last error if there is no such place.
unique_fd open_keeper_image(std::error_code& ec);

} // namespace procession::posix
