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

/// What a program is started with besides its command.
struct launch_options {
  /// Become standard input, output and error; numbered 3 or higher.
  int in = -1;
  int out = -1;
  int err = -1;
  /// Becomes the command's `notification_fd`, or -1.
  int notification = -1;
  /// Whether `in` is a terminal to make the controlling one.
  bool controlling_terminal = false;
  /// Directory of the cgroup to start in, or -1.
  int cgroup = -1;
  /// One more environment entry (`NAME=value`); empty: none.
  std::string marker;
  /// One more limit, see `marks.hpp`.
  marking_limit limit;
  /// Whom to be; null: who we are.
  const identity* become = nullptr;
  vfork_flavour flavour = vfork_flavour::best;
  /// Ends it if it takes longer than `patience`; null: it may take forever.
  launch_watch* watch = nullptr;
  std::chrono::milliseconds patience = launch_patience;
};

/// A program that runs.
struct launched {
  pid_t pid = -1;
  unique_fd pidfd;
  /// The host's own peak memory in bytes when it started. The kernel counts it
  /// as the program's (it had the host's memory until exec), so no smaller
  /// peak is the program's own.
  std::uint64_t inherited_peak = 0;
};

/// Starts a program in a new session, so that pid, process group and session
/// are one number: signals at their defaults, none blocked and none pending,
/// killed when the calling *thread* ends (prctl(2), PR_SET_PDEATHSIG), every
/// descriptor above 2 closed. Call it from a thread that lives as long as the
/// programs may.
///
/// It returns when the program runs, which may take as long as the file system
/// likes. The new process holds none of the host's descriptors meanwhile.
/// @returns the failure, with its stage, if the program does not run; then
///          nothing is left of the attempt. `deadline_passed` and
///          `runtime_stopped` are the watch's.
expected<launched> launch(const command& spec, const launch_options& options);

} // namespace procession::posix
