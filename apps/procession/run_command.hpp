#pragma once

#include "procession/messages/command.hpp"
#include "procession/platform/runner_options.hpp"

#include <optional>

namespace procession::cli {

/// The source of the program's input.
enum class input_source {
  /// Our standard input.
  ours,
  /// It ends at once.
  null,
  /// It stays open but has no bytes.
  open,
};

/// The choices of a `procession run`.
struct run_options {
  command spec;
  /// The runner to run it in; empty if it is our own child.
  std::optional<runner_options> runner;
  input_source input = input_source::ours;
  /// Whether the child's terminal follows the size of our own.
  bool follow_size = true;
  /// The key before commands that are for us and not for the program, if our
  /// input is a terminal and the program's, too; otherwise 0.
  char escape = 0;
  /// Events as JSON lines instead of plain output.
  bool json = false;
};

/// Runs a session to its end, with our standard streams attached to it.
/// @returns the exit code for `main`.
int run_command(run_options options);

} // namespace procession::cli
