#include "procession/io/reactor/deadlines.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace procession;
using namespace std::chrono_literals;

namespace {

using times = deadlines<std::string>;

constexpr auto start = times::time_point{} + 1h;

} // namespace

TEST_CASE("deadlines: each that has passed is taken once, the first first",
          "[reactor]") {
  times x;
  CHECK_FALSE(x.next());
  x.set("late", start + 2s);
  x.set("early", start + 1s);
  CHECK(x.next() == start + 1s);
  CHECK_FALSE(x.take_due(start));
  CHECK(x.take_due(start + 5s) == "early");
  CHECK(x.take_due(start + 5s) == "late");
  CHECK_FALSE(x.take_due(start + 5s));
  CHECK_FALSE(x.next());
}

TEST_CASE("deadlines: a key has one, the last that was set", "[reactor]") {
  times x;
  x.set("a", start + 1s);
  x.set("a", start + 3s);
  CHECK(x.of("a") == start + 3s);
  CHECK_FALSE(x.take_due(start + 2s));
  x.set("a", start + 2s);
  CHECK(x.take_due(start + 2s) == "a");
  CHECK_FALSE(x.of("a"));
}

TEST_CASE("deadlines: one that is cleared does not come", "[reactor]") {
  times x;
  x.set("a", start);
  x.set("b", start);
  x.clear("a");
  x.clear("none");
  CHECK_FALSE(x.of("a"));
  CHECK(x.take_due(start) == "b");
  CHECK_FALSE(x.take_due(start));
}
