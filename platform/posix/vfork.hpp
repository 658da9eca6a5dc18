#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <atomic>
#include <system_error>

namespace procession::posix {

/// A process created by `vfork_call`.
struct vforked {
  pid_t pid = -1;
  unique_fd pidfd;
};

/// The system call to use. `clone3` can put the child into its cgroup; where a
/// filter forbids it (ENOSYS, EPERM: older container runtimes) `clone` does
/// everything else. `best` tries one, then the other.
enum class vfork_flavour { best, clone3, clone };

/// Runs `f(arg)` in a new process that shares this one's memory, on a stack of
/// its own, while the calling thread waits until the process has called exec or
/// `_exit` (clone(2): CLONE_VM | CLONE_VFORK). The cost does not depend on the
/// caller's size. All signals are blocked meanwhile, in the child too.
///
/// `f` may only make system calls: it shares every lock and buffer with a
/// suspended program. It must not return: if exec fails it calls `_exit`, and
/// the caller must wait for the pid.
/// @param visible gets the pidfd from the child before anything else, for
///        threads that may have to kill it; may be null.
/// @param cgroup directory of the child's cgroup (Linux 5.7), or -1.
/// @param in_cgroup tells the child whether it was created there; if not
///        although a cgroup is given, it has to move there itself.
vforked vfork_call(void (*f)(void*), void* arg, std::atomic<int>* visible,
                   int cgroup, vfork_flavour flavour, bool& in_cgroup,
                   std::error_code& ec);

} // namespace procession::posix
