#pragma once

#include <span>
#include <string>
#include <string_view>

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

/// One row of the table of exit codes in the help.
struct exit_code_text {
  std::string_view code;
  std::string_view meaning;
};

/// Returns the exit codes of `procession run`, in the order of the help.
std::span<const exit_code_text> exit_codes_of_run() noexcept;

/// Returns a section of help text (see `manual`).
std::string exit_codes_section(std::span<const exit_code_text> rows);

} // namespace procession::cli
