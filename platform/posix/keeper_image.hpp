#pragma once

#include "procession/platform/posix/fd.hpp"

#include <system_error>

namespace procession::posix {

/// Writes the program procession-keeper, which is part of the library, to a
/// file without a name, which can be executed. In memory (memfd_create(2)); or
/// where that is refused, as by a filter or vm.memfd_noexec, on the first file
/// system that lets it be executed: in $XDG_RUNTIME_DIR, /run, /dev/shm, /tmp
/// or /var/tmp.
/// @param ec set to the last obstacle if there is no such place.
unique_fd open_keeper_image(std::error_code& ec);

} // namespace procession::posix
