#pragma once

#include "exit_codes.hpp"

#include "procession/messages/events.hpp"

#include <caf/error.hpp>

#include <optional>
#include <string>
#include <system_error>

namespace procession::cli {

/// The outcome of a run.
struct run_end {
  int code = exit_own_failure;
  /// The message for standard error; empty if the child ran to its end.
  std::string problem = "the run ended before its process did";
};

/// Returns the exit code for a program that did not start.
int exit_code_of(const caf::error& start_failure);

/// The facts about a run when it ends.
struct run_facts {
  /// The exit code and the problem if the program did not start.
  std::optional<run_end> start_failure = {};
  /// How the process ended; empty if it has not, as far as we know.
  std::optional<exit_status> status = {};
  /// Whether the session is closed: we have all its output.
  bool closed = false;
  /// Whether output waits for the reader of our streams.
  bool output_waits = false;
  /// Whether the reader of our output has gone.
  bool reader_gone = false;
  /// The error if our input could not be read.
  std::error_code input_error = {};
  /// The reason if the program did not get our input.
  std::string refused_input = {};
  /// The error if our output could not be written.
  std::error_code output_error = {};
  /// The reason of the runner's end if that cut the session off.
  std::string cut_off_by = {};
};

/// Returns the exit code of a run and the message about it. The gravest fact
/// decides: a session that was cut off, then lost output, then lost input, then
/// a reader that has gone, then the time-out, then the program's status.
run_end outcome(const run_facts& x);

} // namespace procession::cli
