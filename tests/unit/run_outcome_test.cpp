#include "../../apps/procession/run_outcome.hpp"

#include "procession/messages/error.hpp"

#include <catch2/catch.hpp>

using namespace procession;
using namespace procession::cli;

namespace {

exit_status exit_with(std::uint32_t code) {
  exit_status result;
  result.code = code;
  return result;
}

/// Returns the facts of a program that ran to its end, with all output written.
run_facts done(exit_status status) {
  run_facts result;
  result.status = status;
  result.closed = true;
  return result;
}

const std::error_code full = std::make_error_code(
  std::errc::no_space_on_device);

} // namespace

TEST_CASE("a run ends with the code of its program, in silence",
          "[command-line][ending]") {
  for (auto code : {0u, 3u, 255u}) {
    auto end = outcome(done(exit_with(code)));
    CHECK(end.code == static_cast<int>(code));
    CHECK(end.problem.empty());
  }
  exit_status killed;
  killed.cause = exit_cause::signaled;
  killed.signal = 9;
  CHECK(outcome(done(killed)).code == 137);
}

TEST_CASE("a code with more than eight bits is a failure",
          "[command-line][ending]") {
  CHECK(outcome(done(exit_with(256))).code == 255);
  CHECK(outcome(done(exit_with(0xC0000005))).code == 255);
}

TEST_CASE("a time-out has a code of its own", "[command-line][ending]") {
  auto status = exit_with(0);
  status.timed_out = true;
  auto end = outcome(done(status));
  CHECK(end.code == 124);
  CHECK(end.problem.empty());
}

TEST_CASE("a run whose reader has gone ends with 141, in silence",
          "[command-line][ending]") {
  auto x = done(exit_with(0));
  x.reader_gone = true;
  x.output_waits = true;
  x.closed = false;
  CHECK(outcome(x).code == 141);
  CHECK(outcome(x).problem.empty());
}

TEST_CASE("lost output is reported, with the program's code",
          "[command-line][ending]") {
  auto x = done(exit_with(3));
  SECTION("nobody took it") {
    x.output_waits = true;
    CHECK(outcome(x).problem
          == "the rest of the output is lost: its reader did not take it");
  }
  SECTION("we were told to go") {
    x.closed = false;
    CHECK(outcome(x).problem
          == "the rest of the output is lost: we were told not to wait for it");
  }
  CHECK(outcome(x).code == 3);
}

TEST_CASE("the gravest of several failures is told", "[command-line][ending]") {
  auto x = done(exit_with(0));
  x.reader_gone = true;
  x.input_error = std::make_error_code(std::errc::is_a_directory);
  CHECK(outcome(x).problem.find("cannot read the input: ") == 0);
  x.refused_input = "it is too long";
  CHECK(outcome(x).problem == "cannot pass the input on: it is too long");
  x.output_error = full;
  CHECK(outcome(x).problem == "cannot write the output: " + full.message());
  x.cut_off_by = "the runner was killed";
  CHECK(outcome(x).problem == "the runner was killed");
  CHECK(outcome(x).code == 125);
}

TEST_CASE("each reason why a program did not start has a code",
          "[command-line][ending]") {
  auto code = [](errc x) {
    return exit_code_of(make_error(x, stage::exec, "why"));
  };
  CHECK(code(errc::invalid_argument) == 2);
  CHECK(code(errc::program_not_found) == 127);
  CHECK(code(errc::not_executable) == 126);
  CHECK(code(errc::cwd_not_found) == 126);
  CHECK(code(errc::out_of_processes) == 125);
  CHECK(code(errc::runner_lost) == 125);
}

TEST_CASE("a run that has not come to an end has failed",
          "[command-line][ending]") {
  CHECK(outcome({}).code == 125);
  CHECK_FALSE(outcome({}).problem.empty());
  run_facts x;
  x.start_failure = run_end{127, "no such program"};
  CHECK(outcome(x).code == 127);
  CHECK(outcome(x).problem == "no such program");
}
