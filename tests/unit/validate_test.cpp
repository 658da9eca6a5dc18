#include "procession/messages/command.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

namespace {

const auto nul = std::string("a\0b", 3);

struct rule {
  const char* name;
  std::function<void(command&)> apply;
};

// Both ends of every bound.
const std::vector<rule> bad = {
  {"no program", [](command& x) { x.program.clear(); }},
  {"NUL in the program", [](command& x) { x.program = nul; }},
  {"NUL in an argument", [](command& x) { x.args = {"a", nul}; }},
  {"NUL in argv[0]", [](command& x) { x.argv0 = nul; }},
  {"NUL in the directory", [](command& x) { x.cwd = nul; }},
  {"NUL in the id", [](command& x) { x.id = nul; }},
  {"variable without a name", [](command& x) { x.env.set = {{"", "x"}}; }},
  {"= in a name", [](command& x) { x.env.set = {{"a=b", "x"}}; }},
  {"NUL in a name", [](command& x) { x.env.set = {{nul, "x"}}; }},
  {"NUL in a value", [](command& x) { x.env.set = {{"a", nul}}; }},
  {"no name to unset", [](command& x) { x.env.unset = {""}; }},
  {"= in a name to unset", [](command& x) { x.env.unset = {"a", "b="}; }},
  {"NUL in a name to unset", [](command& x) { x.env.unset = {nul}; }},
  {"a notification by standard error",
   [](command& x) { x.notification_fd = 2; }},
  {"a notification by no descriptor",
   [](command& x) { x.notification_fd = -1; }},
  {"a notification by too high a descriptor",
   [](command& x) { x.notification_fd = 256; }},
  {"an id that plays with a terminal", [](command& x) { x.id = "a\x1b[31m"; }},
  {"a terminal without input",
   [](command& x) {
     x.stdio = pty();
     x.stdio.input = stdin_kind::null;
   }},
  {"no rows", [](command& x) { x.stdio = pty({0, 80}); }},
  {"no columns", [](command& x) { x.stdio = pty({24, 0}); }},
  {"log too large",
   [](command& x) { x.limits.retained = max_bytes_limit + 1; }},
  {"no stdin queue", [](command& x) { x.limits.stdin_queue = 0; }},
  {"stdin queue too large",
   [](command& x) { x.limits.stdin_queue = max_bytes_limit + 1; }},
  {"time-out below zero", [](command& x) { x.limits.timeout = -1ns; }},
  {"time-out too long",
   [](command& x) { x.limits.timeout = max_timespan + 1ns; }},
  {"retention below zero", [](command& x) { x.limits.retention = -1ns; }},
  {"retention too long",
   [](command& x) { x.limits.retention = max_timespan + 1ns; }},
  {"grace below zero", [](command& x) { x.kill.grace = -1ns; }},
  {"grace too long", [](command& x) { x.kill.grace = max_timespan + 1ns; }},
  {"an empty SID", [](command& x) { x.restricted = {{""}}; }},
  {"a SID of another revision",
   [](command& x) { x.restricted = {{"S-2-5-18"}}; }},
  {"a SID in lower case", [](command& x) { x.restricted = {{"s-1-5-18"}}; }},
  {"an abbreviated SID", [](command& x) { x.restricted = {{"BA"}}; }},
  {"an authority alone", [](command& x) { x.restricted = {{"S-1-5"}}; }},
  {"a SID that ends early", [](command& x) { x.restricted = {{"S-1-5-"}}; }},
  {"a subauthority beyond 32 bits",
   [](command& x) { x.restricted = {{"S-1-5-4294967296"}}; }},
  {"a subauthority below zero",
   [](command& x) { x.restricted = {{"S-1-5--1"}}; }},
  {"a leading zero", [](command& x) { x.restricted = {{"S-1-5-01"}}; }},
  {"more in a SID than numbers",
   [](command& x) { x.restricted = {{"S-1-5-18)(A;;GA;;;WD"}}; }},
  {"NUL behind a SID",
   [](command& x) { x.restricted = {{std::string("S-1-5-18\0", 9)}}; }},
  {"too many subauthorities",
   [](command& x) {
     x.restricted = {{"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}};
   }},
  {"one bad SID among good ones",
   [](command& x) { x.restricted = {{"S-1-5-18", "x"}}; }},
  {"too many SIDs",
   [](command& x) {
     x.restricted.capability_sids.assign(max_capability_sids + 1, "S-1-5-18");
   }},
  {"drain below zero", [](command& x) { x.kill.drain_timeout = -1ns; }},
  {"drain too long",
   [](command& x) { x.kill.drain_timeout = max_timespan + 1ns; }},
};

const std::vector<rule> good = {
  {"nothing special", [](command&) {}},
  {"empty arguments", [](command& x) { x.args = {"", ""}; }},
  {"an empty value, a value with =",
   [](command& x) { x.env.set = {{"a", ""}, {"b", "c=d"}}; }},
  {"an empty environment", [](command& x) { x.env.inherit = false; }},
  {"the smallest terminal", [](command& x) { x.stdio = pty({1, 1}); }},
  {"the largest terminal", [](command& x) { x.stdio = pty({65535, 65535}); }},
  {"a size nobody uses",
   [](command& x) { x.stdio = {stdio_kind::pipes, {0, 0}, stdin_kind::pipe}; }},
  {"no log", [](command& x) { x.limits.retained = 0; }},
  {"the largest log", [](command& x) { x.limits.retained = max_bytes_limit; }},
  {"the smallest stdin queue", [](command& x) { x.limits.stdin_queue = 1; }},
  {"the largest stdin queue",
   [](command& x) { x.limits.stdin_queue = max_bytes_limit; }},
  {"a SID", [](command& x) { x.restricted = {{"S-1-1-0"}}; }},
  {"the longest SID",
   [](command& x) {
     x.restricted = {{"S-1-4294967295-1-2-3-4-5-6-7-8-9-10-11-12-13-14-"
                      "4294967295"}};
   }},
  {"as many SIDs as there may be",
   [](command& x) {
     x.restricted.capability_sids.assign(max_capability_sids, "S-1-5-18");
   }},
  {"no time at all",
   [](command& x) {
     x.limits.retention = 0s;
     x.kill = {0s, 0s};
   }},
  {"all the time there is",
   [](command& x) {
     x.limits.timeout = max_timespan;
     x.limits.retention = max_timespan;
     x.kill = {max_timespan, max_timespan};
   }},
};

} // namespace

TEST_CASE("a command that breaks a rule is refused with a sentence",
          "[messages][start]") {
  auto rule = GENERATE(from_range(bad));
  CAPTURE(rule.name);
  command x;
  x.program = "cat";
  rule.apply(x);
  auto why = validate(x);
  REQUIRE(why);
  CHECK(why->code == errc::invalid_argument);
  CHECK(why->detail.at == stage::validate);
  CHECK(why->detail.os_code == 0);
  CHECK_FALSE(why->detail.text.empty());
}

TEST_CASE("a command that keeps the rules is not refused",
          "[messages][start]") {
  auto rule = GENERATE(from_range(good));
  CAPTURE(rule.name);
  command x;
  x.program = "cat";
  rule.apply(x);
  CHECK_FALSE(validate(x));
}

TEST_CASE("commands are equal when every part is", "[messages][start]") {
  for (auto& rule : bad) {
    CAPTURE(rule.name);
    command x;
    x.program = "cat";
    auto y = x;
    CHECK(x == y);
    rule.apply(y);
    CHECK_FALSE(x == y);
  }
}
