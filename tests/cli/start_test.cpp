#include "cli.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

#include <unistd.h>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns whether `command` works here; warns if not.
bool possible(shell& sh, const std::string& command) {
  if (success(sh.script(command + " true 2>/dev/null").status))
    return true;
  WARN("left out, cannot be done here: " << command);
  return false;
}

/// Returns the words to run as a user without other processes, so that its
/// processes can be counted.
std::string as_nobody_else() {
  auto id = std::to_string(2'000'000'000 + ::getpid());
  return "setpriv --reuid " + id + " --regid " + id + " --clear-groups ";
}

constexpr auto in_container = "unshare -pf --mount-proc ";

/// A script that leaves orphans, waits until they are reaped, and exits with 7.
constexpr auto leave_orphans
  = "for i in $(seq 30); do sh -c \"setsid true &\"; done; "
    "while grep -q State:.Z /proc/[0-9]*/status 2>/dev/null; do sleep 0.05; "
    "done; exit 7";

} // namespace

TEST_CASE("run as the first process of a container reaps orphans",
          "[command-line][ending]") {
  shell sh;
  if (!possible(sh, in_container))
    return;
  auto result = sh.script(in_container
                          + std::string{"$P run --pipes -- sh -c '"}
                          + leave_orphans + "'");
  CHECK(shell_code(result.status) == 7);
  CHECK(result.err.empty());
}

TEST_CASE("the runner as the first process of a container reaps orphans",
          "[command-line][ending]") {
  shell sh;
  if (!possible(sh, in_container))
    return;
  auto result = sh.script(
    "$P run --runner \"unshare -pf --mount-proc $P-runner --stdio\" --pipes "
    "-- sh -c '"
    + std::string{leave_orphans} + "'");
  CHECK(shell_code(result.status) == 7);
  CHECK(result.err.empty());
}

TEST_CASE("signals to the first process of a container reach the program",
          "[command-line][signals]") {
  shell sh;
  if (!possible(sh, in_container))
    return;
  auto [signal, code] = GENERATE(
    table<std::string, std::uint32_t>({{"TERM", 3}, {"INT", 4}, {"HUP", 5}}));
  CAPTURE(signal);
  auto result = sh.script(
    in_container
    + std::string{"$P run --pipes -- sh -c 'trap \"exit 3\" TERM; "
                  "trap \"exit 4\" INT; trap \"exit 5\" HUP; kill -"}
    + signal + " 1; while :; do sleep 0.02; done'");
  CHECK(shell_code(result.status) == code);
}

TEST_CASE("run tells that it has too few threads or processes",
          "[command-line][limits]") {
  shell sh;
  if (!possible(sh, as_nobody_else() + binary() + " run --pipes --"))
    return;
  auto limit = GENERATE(range(1, 15));
  CAPTURE(limit);
  auto limited = "timeout -k 1 10 " + as_nobody_else() + "prlimit --nproc="
                 + std::to_string(limit) + ':' + std::to_string(limit) + ' ';
  SECTION("by run, with 125") {
    auto result = sh.script(limited + "$P run --pipes -- echo hi");
    auto code = shell_code(result.status);
    CAPTURE(result.err);
    if (code == 0) {
      CHECK(result.out == "hi\n");
      CHECK(limit > 3);
    } else {
      CHECK(code == 125);
      CHECK_THAT(result.err,
                 Catch::StartsWith("procession: ")
                   && Catch::Contains("Resource temporarily unavailable"));
    }
  }
  SECTION("by the runner, with 1, which its parent passes on") {
    auto result = sh.script("$P run --runner \"" + limited
                            + "$P-runner --stdio\" -- echo hi");
    auto code = shell_code(result.status);
    CAPTURE(result.err);
    if (code == 0) {
      CHECK(result.out == "hi\n");
      CHECK(limit > 3);
    } else {
      CHECK(code == 125);
      CHECK_THAT(result.err,
                 Catch::Contains("Resource temporarily unavailable"));
    }
  }
}

TEST_CASE("run tells once that it has too few descriptors",
          "[command-line][limits]") {
  shell sh;
  auto limit = GENERATE(range(4, 30));
  CAPTURE(limit);
  auto result = sh.script("ulimit -n " + std::to_string(limit)
                          + "; exec $P run --pipes -- echo hi");
  CAPTURE(result.err);
  if (success(result.status)) {
    CHECK(result.out == "hi\n");
    CHECK(limit > 6);
  } else {
    CHECK(shell_code(result.status) == 125);
    auto count = [&](const std::string& text) {
      auto n = 0;
      for (auto at = result.err.find(text); at != std::string::npos;
           at = result.err.find(text, at + 1))
        ++n;
      return n;
    };
    CHECK_THAT(result.err, Catch::StartsWith("procession: "));
    CHECK(count("Too many open files") == 1);
    CHECK(count("see ulimit -n") == 1);
    CHECK(count("\n") == 1);
  }
}

namespace {

/// Returns a Python program that makes its standard streams non-blocking and
/// becomes another program.
std::string not_blocking(const std::string& streams) {
  return "python3 -c 'import os, sys; [os.set_blocking(x, False) for x in ["
         + streams + "]]; os.execvp(sys.argv[1], sys.argv[1:])' ";
}

} // namespace

TEST_CASE("run waits for streams that do not block", "[command-line][input]") {
  shell sh;
  if (!possible(sh, "python3 -c ''"))
    return;
  SECTION("its input and output") {
    auto result = sh.script("{ sleep 0.2; head -c 3000000 /dev/zero; } | "
                            + not_blocking("0, 1")
                            + "$P run --pipes -- cat | { sleep 0.2; wc -c; }");
    CHECK(result.out == "3000000\n");
    CHECK(result.err.empty());
  }
  SECTION("what it says of itself") {
    // The error output is full but for a few bytes when it speaks.
    auto result = sh.script(
      "{ " + not_blocking("2")
      + "sh -c 'head -c 65500 /dev/zero >&2; "
        "exec $P run -v --pipes -- true' 2>&1 >/dev/null; } | "
        "{ sleep 0.5; tr -d \"\\\\0\"; }");
    CHECK_THAT(result.out, Catch::Contains("starting true")
                             && Catch::Contains("closed s1"));
  }
  SECTION("the channel of a runner") {
    auto result = sh.script("head -c 3000000 /dev/zero | $P run --runner \""
                            + not_blocking("0, 1")
                            + "$P-runner --stdio\" --pipes -- cat | wc -c");
    CHECK(result.out == "3000000\n");
    CHECK(result.err.empty());
  }
}
