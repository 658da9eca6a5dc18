#pragma once

#include "procession/platform/posix/marks.hpp"
#include "procession/platform/posix/proc_files.hpp"

#include <sys/types.h>

#include <array>
#include <system_error>
#include <vector>

/// Finds processes by their marks. The host and the keeper both use this, so it
/// depends on libc and libstdc++ alone.
namespace procession::posix {

/// One tree to look for, or all of a host.
struct sweep_target {
  mark_range marks;
  /// Our child that leads the tree, not reaped, a zombie maybe; every
  /// process of its session belongs to the tree. 0: none.
  pid_t leader = 0;
  /// Whether the leader's process group is left alone.
  bool spare_group = false;
  /// What to send to all that is found; first one, then the other. 0: nothing.
  std::array<int, 2> signals{};
  /// No process that belongs to it started before (see `process_id`). Where
  /// there is a leader, that is found out.
  unsigned long long since = 0;
};

/// What was found for one target.
struct sweep_result {
  /// Those that live, but for the leader and what is to be left alone.
  std::vector<process_id> found;
  /// Those of them that may not be signalled by us.
  std::vector<process_id> refused;
  /// Whether some process of the system was loading a program just then, so
  /// that it had no environment to be told by, where there is no other mark.
  bool undecided = false;
};

/// How many sweeps that find nothing but are undecided settle the matter.
inline constexpr int max_undecided_sweeps = 4;

/// Finds what belongs to each of the targets: who bears its mark, who is in its
/// leader's session, and further whoever is a child of one of these or shares a
/// session with one (sessions cannot be joined). A number is never trusted: a
/// pidfd is opened, then the process looked at again, then signalled.
///
/// One pass finds what was there when it began. It costs some microseconds for
/// every process of the system.
/// @param ec set if some processes were not looked at for want of descriptors.
/// @returns one result for each target.
std::vector<sweep_result> sweep(mark_places where,
                                const std::vector<sweep_target>& targets,
                                std::error_code& ec);

/// Stops what belongs to the targets, pass after pass until one finds nothing
/// new, so that it makes no more processes; then kills all of it. Repeat it,
/// waiting in between for what it found, until it finds nothing and is not
/// undecided.
/// @param targets their signals are not used.
std::vector<sweep_result> hunt(mark_places where,
                               const std::vector<sweep_target>& targets,
                               std::error_code& ec);

} // namespace procession::posix
