#pragma once

#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <csignal>
#include <string>
#include <system_error>
#include <vector>

/// Finds processes by a mark in their environment. The host and the keeper
/// both use this, so it depends on libc and libstdc++ alone.
namespace procession::posix {

/// How the environment entry that marks a tree begins. The host's nonce is
/// part of the variable's name, so that hosts below hosts do not overwrite
/// each other's mark.
inline constexpr char marker_name[] = "PROCESSION_SESSION_";

/// One tree to look for.
struct sweep_target {
  /// The environment entry (proc(5), /proc/pid/environ: as it was when the
  /// program started). If it ends with `=`, any value will do.
  std::string marker;
  /// The child of ours that leads the tree, not reaped, a zombie maybe; every
  /// process of its session belongs to the tree. 0: none.
  pid_t leader = 0;
  /// What to send. With SIGKILL, what is found is stopped at once, so that it
  /// makes no more processes while the search goes on.
  int signo = SIGKILL;
  /// Whether the leader's process group is left alone.
  bool spare_group = false;
};

/// What one pass over /proc did for one target.
struct sweep_result {
  /// How many processes were signalled.
  std::size_t signalled = 0;
  /// Pidfds of killed ones, to be waited for. Not of all of them when there
  /// are hundreds.
  std::vector<unique_fd> killed;
  /// Whether there are some that we may not signal.
  bool refused = false;
  /// Whether some process of the system was loading a program just then, so
  /// that it had no environment to be told by.
  bool undecided = false;
};

/// How many sweeps that signal nothing but are undecided settle the matter.
inline constexpr int max_undecided_sweeps = 4;

/// Signals what belongs to each of the targets: who has its mark, who is in its
/// leader's session, and further whoever is a child of one of these or shares a
/// session with one (sessions cannot be joined). The pid is never trusted: a
/// pidfd is opened, then the process looked at again, then signalled.
///
/// One pass finds what was there when it began. Repeat it until it signals
/// nothing and is not undecided, waiting for `killed` in between. It costs some
/// microseconds for every process of the system.
/// @param ec set if some processes were not looked at for want of descriptors.
/// @returns one result for each target.
std::vector<sweep_result> sweep(const std::vector<sweep_target>& targets,
                                std::error_code& ec);

} // namespace procession::posix
