// A supervisor checks the specs of its children before anything starts.
#include "procession/messages/supervisor.hpp"

#include <catch2/catch.hpp>

#include <caf/actor.hpp>
#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include <functional>
#include <limits>
#include <string>
#include <variant>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

namespace {

child_spec sound() {
  child_spec result;
  result.name = "a";
  result.start = actor_start{
    [](caf::actor_system&) -> caf::expected<caf::actor> {
      return caf::make_error(caf::sec::runtime_error);
    }};
  return result;
}

struct broken_rule {
  const char* name;
  std::function<void(child_spec&)> apply;
};

const std::vector<broken_rule> broken_rules{
  {"no name", [](child_spec& x) { x.name.clear(); }},
  {"no time to get ready", [](child_spec& x) { x.ready_within = {}; }},
  {"more than a year to get ready",
   [](child_spec& x) { x.ready_within = caf::timespan{max_timespan} + 1ns; }},
  {"a pause below zero", [](child_spec& x) { x.pause.first = -1ns; }},
  {"a pause beyond its limit", [](child_spec& x) { x.pause.first = 31s; }},
  {"a pause that shrinks", [](child_spec& x) { x.pause.factor = 0.5; }},
  {"a pause without end",
   [](child_spec& x) {
     x.pause.factor = std::numeric_limits<double>::infinity();
   }},
  {"more jitter than there is", [](child_spec& x) { x.pause.jitter = 1.1; }},
  {"jitter that is no number",
   [](child_spec& x) {
     x.pause.jitter = std::numeric_limits<double>::quiet_NaN();
   }},
  {"nothing to make the actor", [](child_spec& x) { x.start = actor_start{}; }},
  {"a grace below zero",
   [](child_spec& x) { std::get<actor_start>(x.start).grace = -1ns; }},
  {"a session without a spawner",
   [](child_spec& x) { x.start = session_start{}; }},
};

} // namespace

TEST_CASE("a child that cannot be kept is refused with a sentence",
          "[supervision]") {
  auto rule = GENERATE(from_range(broken_rules));
  CAPTURE(rule.name);
  auto x = sound();
  CHECK_FALSE(validate(x));
  rule.apply(x);
  auto why = validate(x);
  REQUIRE(why);
  CHECK(why->code == errc::invalid_argument);
  CHECK(why->detail.at == stage::validate);
  CHECK(why->detail.text.find("child '" + x.name + "': ") == 0);
}

TEST_CASE("an invalid intensity is refused", "[supervision]") {
  CHECK_FALSE(validate(restart_intensity{}));
  CHECK_FALSE(validate(restart_intensity{0, 0s}));
  CHECK_FALSE(validate(restart_intensity{65536, max_timespan}));
  CHECK(validate(restart_intensity{65537, 10s}));
  CHECK(validate(restart_intensity{5, -1ns}));
  CHECK(validate(restart_intensity{5, caf::timespan{max_timespan} + 1ns}));
}
