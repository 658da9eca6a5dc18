#include "cli.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <sstream>

#include <unistd.h>

using namespace procession;
using namespace procession::test;
namespace fs = std::filesystem;

namespace {

std::string runner_binary() {
  return fs::path{binary()}.replace_filename("procession-runner");
}

/// Returns the command line of the runner built with this test.
std::string plain_runner() {
  return '\'' + runner_binary() + "' --stdio";
}

/// Returns whether we can become another user; warns if not.
bool can_become_nobody() {
  if (::geteuid() == 0)
    return true;
  WARN("left out: only root becomes another user");
  return false;
}

} // namespace

TEST_CASE("run --as runs the program as that user", "[command-line][runner]") {
  if (!can_become_nobody())
    return;
  shell sh;
  auto result = sh.cli({"run", "--as", "nobody", "--", "sh", "-c",
                        "id -un; pwd; echo $USER; exit 3"});
  CHECK(result.out == "nobody\n/\nnobody\n");
  CHECK(result.err.empty());
  CHECK(shell_code(result.status) == 3);
}

TEST_CASE("run --as needs a user that there is, and the right to become one",
          "[command-line][runner]") {
  shell sh;
  auto result = sh.cli({"run", "--as", "no-such-user", "--", "true"});
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("there is no user 'no-such-user'"));
  if (can_become_nobody()) {
    // As nobody, without a way back.
    auto refused = sh.cli({"run", "--as", "nobody", "--", binary(), "run",
                           "--as", "root", "--", "true"});
    CHECK(shell_code(refused.status) == 125);
    CHECK_THAT(refused.err, Catch::Contains("not_permitted at logon")
                              && Catch::Contains("only root"));
  }
}

TEST_CASE("run --runner exits with the code of the program",
          "[command-line][runner]") {
  using row = std::tuple<strings, std::uint32_t>;
  auto [args, code] = GENERATE(table<strings, std::uint32_t>({
    row{{"true"}, 0},
    row{{"sh", "-c", "exit 255"}, 255},
    row{{"sh", "-c", "kill -KILL $$"}, 137},
    row{{"no-such-program-anywhere"}, 127},
    row{{"/etc/passwd"}, 126},
  }));
  CAPTURE(args);
  shell sh;
  auto mode = GENERATE(as<std::string>{}, "--pipes", "--pty");
  CAPTURE(mode);
  auto result = sh.cli(strings{"run", mode, "--runner", plain_runner(), "--"}
                       + args);
  CHECK(shell_code(result.status) == code);
  CHECK(result.out.empty());
  CHECK(result.err.empty() == (code != 126 && code != 127));
}

TEST_CASE("run --runner keeps the streams apart and copies to the byte",
          "[command-line][runner]") {
  shell sh;
  auto data = std::string(2'000'000, 'x');
  for (std::size_t i = 0; i < data.size(); i += 7)
    data[i] = static_cast<char>(i);
  auto result = sh.cli({"run", "--runner", plain_runner(), "--", "sh", "-c",
                        "cat; echo err >&2"},
                       shared_bytes{data});
  CHECK(shell_code(result.status) == 0);
  CHECK((result.out == data));
  CHECK(result.err == "err\n");
}

TEST_CASE("run --runner works on a terminal", "[command-line][runner]") {
  shell sh;
  auto result = sh.on_terminal("export TERM=lava; before=$(stty -g); "
                               "$P run --runner \""
                                 + plain_runner()
                                 + "\" -- sh -c 'stty size; echo $TERM; "
                                   "exit 4'; "
                                   "echo $?; test $(stty -g) = $before",
                               {33, 99});
  CHECK(result.out == "33 99\r\nlava\r\n4\r\n");
  CHECK(shell_code(result.status) == 0);
}

TEST_CASE("run --runner works with --json, --timeout, --cwd and --env",
          "[command-line][runner]") {
  shell sh;
  auto result = sh.cli({"run", "--runner", plain_runner(), "--json",
                        "--timeout", "0.2", "--cwd", "/usr", "--env", "A=b c",
                        "--", "sh", "-c", "pwd; echo $A; exec sleep 100"});
  CHECK(shell_code(result.status) == 124);
  CHECK(result.err.empty());
  strings events;
  std::istringstream lines{result.out};
  for (std::string line; std::getline(lines, line);) {
    auto x = nlohmann::json::parse(line);
    events.push_back(x["event"]);
    if (events.back() == "exited")
      CHECK(x["timed_out"] == true);
    if (events.back() == "closed")
      CHECK(x["complete"] == true);
  }
  REQUIRE(events.size() >= 4);
  CHECK(events.front() == "started");
  CHECK(events[1] == "output");
  CHECK(events[events.size() - 2] == "exited");
  CHECK(events.back() == "closed");
}

TEST_CASE("signals to run reach its program in a runner",
          "[command-line][runner]") {
  shell sh;
  auto x = sh.start({"--runner", plain_runner(), "--", "sh", "-c",
                     "trap 'echo bye; exit 7' INT; sleep 100 & echo up; wait"});
  read_until(x.output, "up\n");
  REQUIRE(x.process.signal(signal_name::interrupt));
  read_until(x.output, "bye\n");
  CHECK(exit_code(x) == 7);
}

TEST_CASE("run reports a command that starts no runner at once, with 125",
          "[command-line][runner]") {
  using row = std::tuple<std::string, std::string>;
  auto [command, said] = GENERATE(table<std::string, std::string>({
    row{"sh -c 'echo \"no  way\" >&2; exit 1'", "it said: \"no  way\""},
    row{"sh -c \"echo \\\"no  \\$0\\\" >&2\" way", "it said: \"no  way\""},
    row{"echo welcome to this machine, stranger", "welcome to this"},
    row{"no-such-command --stdio", "'no-such-command' is not in the PATH"},
    row{"/etc/passwd", "'/etc/passwd' cannot be executed"},
  }));
  CAPTURE(command);
  shell sh;
  using clock = std::chrono::steady_clock;
  auto begin = clock::now();
  sh.cli({"run", "--", "true"});
  auto usual = clock::now() - begin;
  begin = clock::now();
  auto result = sh.cli({"run", "--runner", command, "--", "true"});
  CHECK(clock::now() - begin < usual + std::chrono::seconds{1});
  CHECK(shell_code(result.status) == 125);
  CHECK(result.out.empty());
  CHECK_THAT(result.err,
             Catch::StartsWith("procession: ") && Catch::Contains(said));
}

TEST_CASE(
  "a command that prints a word and stays is rejected as a runner at once",
  "[command-line][runner]") {
  shell sh;
  auto result = sh.cli(
    {"run", "--runner", "sh -c 'echo hi; exec sleep 100'", "--", "true"});
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("but with \"hi.\""));
}

TEST_CASE("the time-out covers the start of a runner",
          "[command-line][runner]") {
  shell sh;
  auto result = sh.cli(
    {"run", "--runner", "sleep 100", "--timeout", "300ms", "--", "true"});
  CHECK(shell_code(result.status) == 124);
  CHECK_THAT(result.err, Catch::Contains("timed out after")
                           && Catch::Contains("the runner was still starting"));
}

TEST_CASE("the wait for a runner can be interrupted",
          "[command-line][runner]") {
  shell sh;
  auto x = sh.start({"-v", "--runner", "sleep 100", "--", "true"});
  auto said = x.output.next(soon);
  REQUIRE((said && *said));
  CHECK((*said)->bytes.text() == "procession: starting a runner\n");
  auto begin = std::chrono::steady_clock::now();
  REQUIRE(x.process.signal(signal_name::interrupt));
  CHECK(exit_code(x) == 130);
  // Long before the runner's deadlines.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
}

TEST_CASE("run reports a lost runner, with 125", "[command-line][runner]") {
  shell sh;
  auto result = sh.cli({"run", "--runner", plain_runner(), "--", "sh", "-c",
                        "echo last words; sleep 0.2; kill -KILL $PPID; "
                        "sleep 100"});
  CHECK(shell_code(result.status) == 125);
  CHECK(result.out == "last words\n");
  CHECK_THAT(result.err, Catch::Contains("runner_lost")
                           && Catch::Contains("killed by signal 9 (Killed)"));
}

TEST_CASE("senseless options for runners are bad usage",
          "[command-line][runner]") {
  auto options = GENERATE(
    values<strings>({{"--as", "nobody", "--runner", "true"},
                     {"--as", ""},
                     {"--as"},
                     {"--runner"},
                     {"--runner", ""},
                     {"--runner", "  "},
                     {"--runner", "'' --stdio"},
                     {"--runner", "sh -c 'oops"},
                     {"--runner", "oops \\"}}));
  CAPTURE(options);
  shell sh;
  auto result = sh.cli(strings{"run"} + options + strings{"--", "true"});
  CHECK(shell_code(result.status) == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Catch::Contains("Usage:"));
}

TEST_CASE("the runner refuses to start without its parent",
          "[command-line][runner]") {
  shell sh;
  SECTION("without a channel") {
    auto result = sh.script("$P-runner");
    CHECK(shell_code(result.status) == 2);
    CHECK_THAT(result.err, Catch::Contains("procession-runner --help"));
    CHECK(result.out.empty());
  }
  SECTION("with a word too many") {
    auto result = sh.script("$P-runner now");
    CHECK(shell_code(result.status) == 2);
    CHECK_THAT(result.err, Catch::Contains("unexpected: now"));
  }
  SECTION("on streams that are none") {
    auto result = sh.script("$P-runner --stdio </dev/null");
    CHECK(shell_code(result.status) == 1);
    CHECK_THAT(result.err, Catch::Contains("not a channel to a parent"));
    CHECK(result.out.empty());
  }
  SECTION("with the reason where it was told to write it") {
    auto result = sh.script("log=$(mktemp); $P-runner --stdio --log $log "
                            "</dev/null; code=$?; cat $log; rm $log; exit "
                            "$code");
    CHECK(shell_code(result.status) == 1);
    CHECK_THAT(result.out, Catch::Contains("not a channel to a parent"));
    CHECK(result.err.empty());
  }
  SECTION("with a log that cannot be, silently") {
    auto result = sh.script(
      "$P-runner --stdio --log /no/such/place </dev/null");
    CHECK(shell_code(result.status) == 2);
    CHECK(result.out.empty());
    CHECK(result.err.empty());
  }
  SECTION("for a parent that does not know what it was told") {
    auto result = sh.script("$P run --runner \"env PROCESSION_RUNNER_NONCE=x "
                            "$P-runner --stdio\" -- true");
    CHECK(shell_code(result.status) == 125);
    CHECK_THAT(result.err, Catch::Contains("what it was told at its start"));
  }
}
