#pragma once

namespace procession::cli {

/// The exit codes of `procession` itself; every other code comes from the
/// program that it ran.
enum exit_code : int {
  exit_ok = 0,
  exit_usage = 2,
  exit_timed_out = 124,
  exit_own_failure = 125,
  exit_not_executable = 126,
  exit_not_found = 127,
  /// As of a program killed by writing to a pipe without a reader (128 +
  /// SIGPIPE).
  exit_reader_gone = 141,
};

} // namespace procession::cli
