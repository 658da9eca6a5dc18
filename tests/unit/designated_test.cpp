// Designated initializers of a command compile without a warning.
#pragma GCC diagnostic error "-Wmissing-field-initializers"

#include "procession/actors/host.hpp"
#include "procession/actors/listening.hpp"

#include <catch2/catch.hpp>

using namespace procession;

TEST_CASE("command: designated initializers leave the rest as it was",
          "[messages]") {
  command spec{.program = "sh", .args = {"-c", "true"}};
  command expected;
  expected.program = "sh";
  expected.args = {"-c", "true"};
  CHECK(spec == expected);
  command detailed{.program = "sh",
                   .env = {.set = {{"A", "b"}}},
                   .stdio = {.kind = stdio_kind::merged},
                   .limits = {.retained = 1},
                   .kill = {.grace = std::chrono::seconds{1}}};
  CHECK(detailed.env.inherit);
  CHECK(detailed.kill.drain_timeout == kill_policy{}.drain_timeout);
  host_options options{.spawner = {.max_sessions = 1}};
  CHECK(options.spawner.max_retained == spawner_options{}.max_retained);
  listener events{.output = [](const output&) {}};
  CHECK_FALSE(events.closed);
  subscription terms{.window = 1};
  CHECK(terms.mode == delivery::lossless);
}
