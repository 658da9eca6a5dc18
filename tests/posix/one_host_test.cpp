#include "procession/actors/host.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <string>

using namespace procession;
using namespace std::chrono_literals;

TEST_CASE("host: a command runs to its end in two lines", "[host]") {
  host host;
  auto result = host.run({.program = "sh", .args = {"-c", "cat; exit 3"}},
                         "in");
  REQUIRE(result);
  CHECK(result->out == "in");
  CHECK(result->status.code == 3);
  auto none = host.run({.program = "no-such-program"});
  REQUIRE_FALSE(none);
  CHECK(is(none.error(), errc::program_not_found));
}

TEST_CASE("host: its end ends its sessions", "[host]") {
  session_info known;
  {
    host host;
    auto child = host.spawn({.program = "sleep", .args = {"1000"}});
    REQUIRE(child);
    auto info = child->process.info();
    REQUIRE(info);
    known = *info;
  }
  CHECK(::kill(static_cast<pid_t>(known.pid), 0) == -1);
}

TEST_CASE("host: options reach the spawner and the configuration", "[host]") {
  host host{{.spawner = {.max_sessions = 1}, .configure = [](config& x) {
               x.set("scheduler.max-threads", 3);
             }}};
  CHECK(get_or(host.system().config(), "scheduler.max-threads", std::size_t{0})
        == 3);
  auto first = host.spawn({.program = "cat"});
  REQUIRE(first);
  auto second = host.run({.program = "true"});
  REQUIRE_FALSE(second);
  CHECK(is(second.error(), errc::session_limit));
}
