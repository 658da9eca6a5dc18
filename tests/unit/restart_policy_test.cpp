#include "procession/actors/supervision/restart_policy.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace procession;
using namespace std::chrono_literals;

TEST_CASE("restarts up to the intensity are fine, one more is not",
          "[supervision]") {
  restart_window x{{3, 10s}};
  restart_window::time_point start{};
  CHECK_FALSE(x.count(start));
  CHECK_FALSE(x.count(start + 4s));
  CHECK_FALSE(x.count(start + 10s));
  SECTION("at the period's last moment") {
    CHECK(x.count(start + 10s));
  }
  SECTION("but it slides") {
    CHECK_FALSE(x.count(start + 10s + 1ns));
    CHECK(x.count(start + 14s));
  }
}

TEST_CASE("the first restart is too many if none is allowed", "[supervision]") {
  restart_window x{{0, 10s}};
  CHECK(x.count({}));
}

TEST_CASE("pauses grow to their limit and stay there", "[supervision]") {
  jitter_source chance;
  backoff x;
  x.first = 100ms;
  x.limit = 1s;
  x.factor = 2;
  x.jitter = 0;
  std::vector<caf::timespan> pauses;
  for (auto i = 0u; i < 6; ++i)
    pauses.push_back(next_pause(x, i, chance));
  CHECK(pauses
        == std::vector<caf::timespan>{100ms, 200ms, 400ms, 800ms, 1s, 1s});
  CHECK(next_pause(x, ~0u, chance) == 1s);
  x.first = 0s;
  CHECK(next_pause(x, 9, chance) == 0s);
}

TEST_CASE("jitter stays within its share and below the limit",
          "[supervision]") {
  jitter_source chance{1};
  backoff x;
  x.first = 1s;
  x.limit = 10s;
  x.factor = 3;
  x.jitter = 0.25;
  std::set<caf::timespan> different;
  for (auto i = 0; i < 1000; ++i) {
    auto pause = next_pause(x, 1, chance);
    CHECK(pause >= 2250ms);
    CHECK(pause <= 3750ms);
    different.insert(pause);
    CHECK(next_pause(x, 9, chance) <= 10s);
  }
  CHECK(different.size() > 900);
}

TEST_CASE("jitter from the same seed is the same", "[supervision]") {
  jitter_source one{7};
  jitter_source other{7};
  for (auto i = 0u; i < 10; ++i)
    CHECK(next_pause({}, i, one) == next_pause({}, i, other));
}
