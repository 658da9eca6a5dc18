#pragma once

#include "exit_codes.hpp"

#include "procession/messages/command.hpp"
#include "procession/platform/runner_options.hpp"

#include <optional>

namespace procession::cli {

/// Where the program's input comes from.
enum class input_source {
  /// Our standard input.
  ours,
  /// It is at its end from the start.
  null,
  /// Nothing comes, but it does not end.
  open,
};

/// What `procession run` was asked to do.
struct run_options {
  command spec;
  /// The runner to run it in; empty: it is our own child.
  std::optional<runner_options> runner;
  input_source input = input_source::ours;
  /// Whether the child's terminal follows the size of our own.
  bool follow_size = true;
  /// The key that begins what is typed for us and not for the program, if our
  /// input is a terminal and the program's too; 0: none.
  char escape = 0;
  /// Events as JSON lines instead of plain output.
  bool json = false;
};

/// Runs a session with our standard streams attached to it, to its end.
/// @returns the exit code for `main`.
int run_command(run_options options);

} // namespace procession::cli
