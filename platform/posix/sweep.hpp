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

/// One tree to search for, or all trees of a host.
struct sweep_target {
  mark_range marks;
  /// Our child that leads the tree, not reaped, maybe a zombie; every process
  /// of its session belongs to the tree. 0 if there is none.
  pid_t leader = 0;
  /// Whether the leader's process group is left alone.
  bool spare_group = false;
  /// The signals for all that is found, in this order; 0 for none.
  std::array<int, 2> signals{};
  /// No process that belongs to it started before (see `process_id`). Where
  /// there is a leader, its start counts.
  unsigned long long since = 0;
};

/// The result for one target.
struct sweep_result {
  /// The living processes, except the leader and a spared group.
  std::vector<process_id> found;
  /// Those of them that we may not signal.
  std::vector<process_id> refused;
  /// Whether a process of the system was just loading a program, so that it had
  /// no environment to tell it by, and there is no other mark.
  bool undecided = false;
};

/// The number of undecided sweeps without a find that settle the matter.
inline constexpr int max_undecided_sweeps = 4;

/// Finds the processes of each target: those that bear its mark, those in its
/// leader's session, and further each process that is a child of one of these
/// or shares a session with one (sessions cannot be joined). A number is never
/// trusted: a pidfd is opened, then the process is checked again, then
/// signalled.
///
/// One pass finds the processes that existed when it began. It costs some
/// microseconds for every process of the system.
/// @param ec set if a lack of descriptors kept it from looking at some
///        processes.
/// @returns one result for each target.
std::vector<sweep_result> sweep(mark_places where,
                                const std::vector<sweep_target>& targets,
                                std::error_code& ec);

/// Stops the processes of the targets, pass after pass until one finds nothing
/// new, so that no more are forked; then kills them all. To be repeated,
/// waiting in between for the processes that were found, until it finds nothing
/// and is not undecided.
/// @param targets their signals are not used.
std::vector<sweep_result> hunt(mark_places where,
                               const std::vector<sweep_target>& targets,
                               std::error_code& ec);

} // namespace procession::posix
