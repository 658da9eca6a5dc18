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
  /// The side of the PTY that the child has.
  unique_fd slave;
  unique_fd in;
  unique_fd out;
  unique_fd err;
  /// Where it says that it is ready, if it is to.
  unique_fd notification;
};

/// A process that was started and is now somebody's to watch, reap and end.
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
  /// The empty place that was made for it, to be ended; may be null.
  std::unique_ptr<posix::tree> tree;
};

/// What a runner is started with besides its command.
struct runner_start {
  /// Becomes its standard input and output; none: the null device, and a pipe.
  unique_fd channel;
  /// Whom to be; none: who we are.
  std::optional<identity> become;
};

/// Opens the streams, makes the place and launches. On the launcher thread.
/// @param runner null for a session.
/// @param patience how long the launch may take.
std::variant<started_process, failed_start>
start_process(host& where, const command& spec, const runner_start* runner,
              std::chrono::milliseconds patience);

} // namespace procession::posix
