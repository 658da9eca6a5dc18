#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/posix/fd.hpp"
#include "procession/platform/posix/identity.hpp"
#include "procession/platform/posix/launch_watch.hpp"
#include "procession/platform/posix/marks.hpp"
#include "procession/platform/posix/vfork.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace procession::posix {

/// The circumstances of a program's start, besides its command.
struct launch_options {
  /// Become standard input, output and error; numbered 3 or higher.
  int in = -1;
  int out = -1;
  int err = -1;
  /// Becomes the command's `notification_fd`, or -1.
  int notification = -1;
  /// Whether `in` becomes the controlling terminal.
  bool controlling_terminal = false;
  /// Directory of its cgroup, or -1.
  int cgroup = -1;
  /// An additional environment entry (`NAME=value`), or empty.
  std::string marker;
  /// An additional limit, see `marks.hpp`.
  marking_limit limit;
  /// The user to become; null: stays ours.
  const identity* become = nullptr;
  vfork_flavour flavour = vfork_flavour::best;
  /// Ends it if it takes longer than `patience`; null: no limit.
  launch_watch* watch = nullptr;
  std::chrono::milliseconds patience = launch_patience;
};

/// A program that runs.
struct launched {
  pid_t pid = -1;
  unique_fd pidfd;
  /// The host's own peak memory in bytes at the start. The kernel counts it as
  /// the program's (it had the host's memory until exec), so the program's own
  /// peak is known only if it is higher.
  std::uint64_t inherited_peak = 0;
};

/// Starts a program in a new session, so that pid, process group and session
/// are one number: signals at their defaults, none blocked and none pending,
/// killed when the calling *thread* ends (prctl(2), PR_SET_PDEATHSIG), every
/// descriptor above 2 closed. Call it from a thread that lives as long as the
/// programs may.
///
/// Returns when the program runs; the file system may delay that at will. The
/// new process holds none of the host's descriptors meanwhile.
/// @returns the failure, with its stage, if the program does not run; then
///          nothing is left of the attempt. The watch causes `deadline_passed`
///          and `runtime_stopped`.
expected<launched> launch(const command& spec, const launch_options& options);

} // namespace procession::posix
