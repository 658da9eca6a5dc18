#pragma once

#include "procession/messages/command.hpp"
#include "procession/platform/posix/host.hpp"
#include "procession/platform/posix/identity.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

namespace procession::posix {

/// Our ends of a child's standard streams.
struct stream_ends {
  /// Both input and output of a PTY.
  unique_fd master;
  /// The child's side of the PTY.
  unique_fd slave;
  unique_fd in;
  unique_fd out;
  unique_fd err;
  /// The descriptor for its notification, if it has one.
  unique_fd notification;
};

/// A process that was started; its owner must watch, reap and end it.
struct started_process {
  pid_t pid = -1;
  unique_fd pidfd;
  stream_ends streams;
  std::unique_ptr<posix::tree> tree;
  /// See `launched`.
  std::uint64_t inherited_peak = 0;
};

/// An attempt that failed.
struct failed_start {
  failure why;
  /// The empty place that was created for it, to be ended; may be null.
  std::unique_ptr<posix::tree> tree;
};

/// The circumstances of a runner's start, besides its command.
struct runner_start {
  /// Becomes its standard input and output; empty: the null device and a pipe.
  unique_fd channel;
  /// The user to become; empty: stays ours.
  std::optional<identity> become;
};

/// Opens the streams, creates the place and launches. On the launcher thread.
/// @param runner null for a session.
/// @param patience how long the launch may take.
std::variant<started_process, failed_start>
start_process(host& where, const command& spec, const runner_start* runner,
              std::chrono::milliseconds patience);

} // namespace procession::posix
