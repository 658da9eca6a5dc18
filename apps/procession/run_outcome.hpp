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

/// The exit code for a program that did not start.
int exit_code_of(const caf::error& start_failure);

/// The facts about a run when it ends.
struct run_facts {
  /// Why there was nothing to run, and its exit code.
  std::optional<run_end> start_failure = {};
  /// How the process ended; none: it has not, as far as we know.
  std::optional<exit_status> status = {};
  /// Whether the session is closed: all its output was seen.
  bool closed = false;
  /// Whether output waits for whoever reads ours.
  bool output_waits = false;
  /// Whether whoever read our output has gone.
  bool reader_gone = false;
  /// Why our input could not be read, if so.
  std::error_code input_error = {};
  /// Why the program did not get our input, if so.
  std::string refused_input = {};
  /// Why our output could not be written, if so.
  std::error_code output_error = {};
  /// Why the runner ended, if that cut the session off.
  std::string cut_off_by = {};
};

/// The exit code of a run and what is to be said about it. The gravest fact
/// decides: a session that was cut off, then output, then input that was lost,
/// then a reader that has gone, then the time-out, then the program's status.
run_end outcome(const run_facts& x);

} // namespace procession::cli
