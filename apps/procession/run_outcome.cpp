#include "run_outcome.hpp"

#include "procession/messages/error.hpp"

#include <algorithm>

namespace procession::cli {

int exit_code_of(const caf::error& start_failure) {
  if (is(start_failure, errc::invalid_argument))
    return exit_usage;
  if (is(start_failure, errc::program_not_found))
    return exit_not_found;
  for (auto code : {errc::not_executable, errc::cwd_not_found,
                    errc::cwd_not_usable, errc::argument_list_too_long})
    if (is(start_failure, code))
      return exit_not_executable;
  // In all other cases the failure is ours, not the program's.
  return exit_own_failure;
}

run_end outcome(const run_facts& x) {
  if (x.start_failure)
    return *x.start_failure;
  if (!x.status)
    return {};
  auto failed = [](std::string why) {
    return run_end{exit_own_failure, std::move(why)};
  };
  // The last output, and perhaps the status, are unknown.
  if (!x.cut_off_by.empty())
    return failed(x.cut_off_by);
  if (x.output_error)
    return failed("cannot write the output: " + x.output_error.message());
  if (!x.refused_input.empty())
    return failed("cannot pass the input on: " + x.refused_input);
  if (x.input_error)
    return failed("cannot read the input: " + x.input_error.message());
  // A reader that has gone needs no message.
  if (x.reader_gone)
    return {exit_reader_gone, ""};
  run_end result;
  // An exit code has eight bits here, and a failure must not become success.
  result.code = x.status->timed_out
                  ? int{exit_timed_out}
                  : static_cast<int>(std::min(shell_code(*x.status), 255u));
  result.problem.clear();
  if (x.output_waits)
    result.problem
      = "the rest of the output is lost: its reader did not take it";
  else if (!x.closed)
    result.problem = "the rest of the output is lost: we were told not to wait "
                     "for it";
  return result;
}

} // namespace procession::cli
