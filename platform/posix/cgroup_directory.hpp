#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <functional>
#include <vector>

/// Cgroups as directories (Linux's Documentation/admin-guide/cgroup-v2.rst).
/// The host and the keeper both use this, so it depends on libc and
/// libstdc++ alone.
namespace procession::posix {

/// Opens `name` below `parent` as a directory. Takes AT_FDCWD and a path, too.
unique_fd open_directory(int parent, const char* name) noexcept;

/// Kills every process in the cgroup and below it, those that fork meanwhile
/// included (cgroup.kill, Linux 5.14). Sets `errno` if it returns false.
bool kill_cgroup(int directory) noexcept;

/// Returns a descriptor that polls as POLLPRI when the result of `populated`
/// has changed since its last call.
unique_fd open_cgroup_events(int directory) noexcept;

/// Whether a process is in the cgroup or below it. Zombies do not count.
bool populated(int events) noexcept;

/// Whether the cgroup is empty and would not freeze a new process
/// (cgroup.freeze keeps its setting).
bool vacant(int events) noexcept;

/// Adds the processes in the cgroup and below it to `result`. Sets `errno` if
/// it returns false: then some may be missing. Takes two descriptors, however
/// deep cgroups are nested.
bool list_processes(int directory, std::vector<pid_t>& result);

/// Sends a signal to every process in the cgroup and below it for whose number
/// `wanted` returns true. Each number is pinned by a pidfd and looked up again
/// before its process is signalled.
///
/// SIGKILL reaches processes that `kill_cgroup` misses: that sends nothing to a
/// process whose main thread has ended while others run (Linux 6.18). Processes
/// that are forked meanwhile may be missed.
/// @returns false, and sets `errno`, if some were not signalled (EPERM: we may
///          not signal them).
bool signal_processes(int directory, int signo,
                      const std::function<bool(pid_t)>& wanted);

/// Kills every process in the cgroup and below it, by both of the above. To be
/// repeated while the cgroup is populated. Sets `errno` if it returns false.
bool kill_processes(int directory);

/// Removes a cgroup unless a process or another cgroup is in it (EBUSY). Sets
/// `errno` if it returns false: then it is still there.
bool remove_empty_cgroup(int parent, const char* name) noexcept;

/// Removes a cgroup and those below it, the deepest first, as many as possible;
/// takes three descriptors, however deep they are. Returns false and sets
/// `errno` (EBUSY: a process is there) if it is still there.
bool remove_cgroup(int parent, const char* name);

} // namespace procession::posix
