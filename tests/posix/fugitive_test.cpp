// Processes that are hard to find or to kill, in whole sessions.
#include "grove.hpp"

#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns whether the process in `output` ("fugitive PID") is gone.
bool gone(const std::string& output) {
  REQUIRE(output.substr(0, 9) == "fugitive ");
  std::error_code ec;
  auto pidfd = posix::open_pidfd(std::stoi(output.substr(9)), ec);
  // It may still be a zombie: an orphan is reaped by others.
  return !pidfd || readable(pidfd.get(), std::chrono::milliseconds{0});
}

} // namespace

TEST_CASE("when a session is closed nothing of it is left, but for a zombie",
          "[containment][ending]") {
  config cfg;
  runtime rt{{every_kind()}};
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  auto how = std::string{GENERATE("threads", "hidden")};
  INFO(how);
  command spec;
  spec.program = "/bin/sh";
  auto fugitive = helper("test-fugitive") + " " + how;
  // The shell's output is read to its end, so the number has come by then.
  SECTION("by itself") {
    spec.args = {"-c", "echo $(" + fugitive + " quiet &)"};
    auto result = run(self, sessions, spec);
    REQUIRE(result);
    CHECK(gone(result->out));
  }
  SECTION("after it was terminated") {
    spec.args = {"-c", fugitive + " & exec sleep 1000"};
    spec.limits.timeout = std::chrono::milliseconds{500};
    auto result = run(self, sessions, spec);
    REQUIRE(result);
    CHECK(result->status.timed_out);
    CHECK(gone(result->out));
  }
}
