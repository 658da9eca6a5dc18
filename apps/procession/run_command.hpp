#pragma once

#include "procession/messages/command.hpp"
#include "procession/platform/runner_options.hpp"

#include <optional>

namespace procession::cli {

/// What `procession run` was asked to do.
struct run_options {
  command spec;
  /// The runner to run it in; none: it is a child of ours.
  std::optional<runner_options> runner;
  /// Whether our standard input is the child's.
  bool forward_input = true;
  /// Whether the child's terminal follows the size of ours.
  bool follow_size = true;
  /// The key that begins what is typed for us and not for the program, if our
  /// input is a terminal and the program's too; 0: none.
  char escape = 0;
  /// Events as JSON lines instead of plain output.
  bool json = false;
};

// Exit codes of our own; all others are the child's.
inline constexpr int exit_usage = 2;
inline constexpr int exit_timed_out = 124;
inline constexpr int exit_own_failure = 125;
inline constexpr int exit_not_executable = 126;
inline constexpr int exit_not_found = 127;
/// What a program has that wrote to a pipe without reader (128 + SIGPIPE).
inline constexpr int exit_reader_gone = 141;

/// Runs a session with our standard streams attached to it, to its end.
/// @returns the exit code for `main`.
int run_command(run_options options);

} // namespace procession::cli
