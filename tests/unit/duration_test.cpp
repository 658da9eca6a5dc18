#include "common/duration.hpp"

#include "procession/messages/command.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace procession;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

caf::timespan time_of(const std::string& text) {
  CAPTURE(text);
  auto result = parse_duration(text);
  if (auto* wrong = std::get_if<std::string>(&result))
    FAIL(*wrong);
  return std::get<caf::timespan>(result);
}

std::string objection_to(const std::string& text) {
  CAPTURE(text);
  auto result = parse_duration(text);
  REQUIRE(std::holds_alternative<std::string>(result));
  return std::get<std::string>(result);
}

} // namespace

TEST_CASE("a number alone is a time in seconds", "[command-line][text]") {
  CHECK(time_of("0") == 0s);
  CHECK(time_of("30") == 30s);
  CHECK(time_of("1.5") == 1500ms);
  CHECK(time_of(".25") == 250ms);
  CHECK(time_of("2.") == 2s);
}

TEST_CASE("a time has units, the larger one first", "[command-line][text]") {
  CHECK(time_of("5s") == 5s);
  CHECK(time_of("500ms") == 500ms);
  CHECK(time_of("2m") == 2min);
  CHECK(time_of("1h30m") == 90min);
  CHECK(time_of("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
  CHECK(time_of("1.5h") == 90min);
  CHECK(time_of("0ms") == 0s);
  CHECK(time_of("90m") == 90min);
}

TEST_CASE("a time is at most what a command may ask for",
          "[command-line][text]") {
  CHECK(time_of("366d") == max_timespan);
  for (auto& text : strings{"367d", "366d1ms", "1" + std::string(400, '0')})
    CHECK(objection_to(text).find("is longer than 366 days")
          != std::string::npos);
}

TEST_CASE("an invalid time is quoted", "[command-line][text]") {
  for (auto text : {"",     "s",    ".",     "-1",   "+1",     " 1",    "1 s",
                    "soon", "nan",  "inf",   "1e3",  "0x10",   "1.2.3", "5x",
                    "5S",   "1h30", "30m1h", "1s1s", "1m 30s", "5s!"})
    CHECK(objection_to(text)
          == "'" + std::string{text}
               + "' is not a time such as 30, 1.5s, 500ms, 2m or 1h30m");
}

TEST_CASE("a time is told as one would write it", "[command-line][text]") {
  CHECK(to_duration(0s) == "0ms");
  CHECK(to_duration(250ms) == "250ms");
  CHECK(to_duration(999999us) == "999ms");
  CHECK(to_duration(5s) == "5s");
  CHECK(to_duration(1500ms) == "1.5s");
  CHECK(to_duration(61s + 7ms) == "1m1.007s");
  CHECK(to_duration(60s + 7ms) == "1m0.007s");
  CHECK(to_duration(90min) == "1h30m");
  CHECK(to_duration(max_timespan) == "366d");
  for (auto x : {1ms, 1500ms, 61007ms, 5400000ms})
    CHECK(time_of(to_duration(x)) == x);
}
