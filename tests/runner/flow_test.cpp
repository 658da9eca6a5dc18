#include "runner_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

using std::chrono::steady_clock;

TEST_CASE("a child that ignores its input is ended whatever is queued",
          "[runner][ending]") {
  runner_world there;
  auto spec = actor({"out", "ready", "sleep"});
  spec.limits.stdin_queue = 32 << 20;
  auto hdl = there.w.spawn(spec);
  // A request to end is lost if it comes before the program is on its console.
  REQUIRE(listener{there.w, hdl}.until_output("ready"));
  caf::scoped_actor writer{there.w.sys};
  for (auto i = 0; i < 16; ++i)
    writer->send(hdl, write_atom_v, shared_bytes{std::string(1 << 20, 'x')});
  auto begin = steady_clock::now();
  auto status = there.w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->by_request);
  CHECK(steady_clock::now() - begin < 1s);
}

TEST_CASE("a flood without a reader is ended at once", "[runner][ending]") {
  runner_world there;
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto hdl = there.w.spawn(actor({"line", "count", "4000000000"}, {kind, {}}));
  listener events{there.w, hdl, {{}, 1000, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(there.w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"go\n"}));
  REQUIRE(events.until([&] { return events.unacknowledged == 1000; }));
  auto begin = steady_clock::now();
  auto status = there.w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(steady_clock::now() - begin < 1s);
  events.acknowledging = true;
  events.acknowledge();
  REQUIRE(events.until_closed());
  CHECK(events.gaps.empty());
}

TEST_CASE("one session that floods does not keep the others waiting",
          "[runner][output]") {
  runner_world there;
  auto flood = there.w.spawn(actor({"flood"}));
  listener readers{there.w, flood};
  std::vector<session> quiet;
  for (auto i = 0; i < 63; ++i)
    quiet.push_back(there.w.spawn(actor({"cat"})));
  // Each answers while the flood is being read.
  std::vector<steady_clock::duration> times;
  for (auto& hdl : quiet) {
    auto begin = steady_clock::now();
    REQUIRE(there.w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"}));
    auto flooded = readers.out.size();
    auto echoed = false;
    there.w.self
      ->request(hdl, patience, read_atom_v, cursor{}, std::uint64_t{1},
                caf::timespan{patience})
      .receive([&](page& x) { echoed = x.outputs.size() == 1; },
               [&](caf::error& x) { FAIL(describe(x)); });
    times.push_back(steady_clock::now() - begin);
    CHECK(echoed);
    REQUIRE(readers.until([&] { return readers.out.size() > flooded; }));
    readers.out.clear();
  }
  std::sort(times.begin(), times.end());
  CHECK(times[times.size() / 2] < 50ms);
}

TEST_CASE("a command larger than a frame is refused, and nothing else ends",
          "[runner][protocol]") {
  runner_world there;
  auto hdl = there.w.spawn(actor({"cat"}));
  auto spec = actor({});
  spec.args.assign(20, std::string(100'000, 'x'));
  auto why = there.w.refusal(spec);
  CHECK(is(why, errc::argument_list_too_long));
  CHECK(detail_of(why).at == stage::spawn);
  CHECK(there.w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"}));
}
