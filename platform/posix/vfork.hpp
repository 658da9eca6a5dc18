#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <atomic>
#include <system_error>

namespace procession::posix {

/// A process made by `vfork_call`.
struct vforked {
  pid_t pid = -1;
  unique_fd pidfd;
};

/// Which system call to use. `clone3` can put the child into its cgroup; where
/// a filter forbids it (ENOSYS, EPERM: older container runtimes) `clone` does
/// the rest. `best` tries one, then the other.
enum class vfork_flavour { best, clone3, clone };

/// Runs `f(arg)` in a new process that shares this one's memory, on a stack of
/// its own, while the calling thread waits until it called exec or `_exit`
/// (clone(2): CLONE_VM | CLONE_VFORK). It costs the same however large the
/// caller is. All signals are blocked meanwhile, in the child too.
///
/// `f` may only make system calls: it shares every lock and buffer with a
/// program that stands still. It must not return: if exec fails it calls
/// `_exit`, and the caller must wait for the pid.
/// @param visible where the child notes its pidfd before it does anything else,
///        for threads that may have to kill it; null: nowhere.
/// @param cgroup directory to make it in (Linux 5.7), or -1.
/// @param in_cgroup tells the child whether it was made there; if not although
///        a cgroup is given, it has to move there itself.
vforked vfork_call(void (*f)(void*), void* arg, std::atomic<int>* visible,
                   int cgroup, vfork_flavour flavour, bool& in_cgroup,
                   std::error_code& ec);

} // namespace procession::posix
