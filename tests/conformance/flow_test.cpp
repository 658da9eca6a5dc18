#include "world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

TEST_CASE("four megabytes go each way through pipes, slow on our side",
          "[output][input]") {
  world w{GENERATE(from_range(backends()))};
  auto text = noise(four_mib);
  auto spec = actor({"cat"});
  spec.limits.stdin_queue = text.size();
  auto hdl = w.spawn(spec);
  // A window smaller than a chunk may be, acknowledged late.
  listener events{w, hdl, {{}, 30001, delivery::lossless}};
  events.acknowledging = false;
  caf::anon_send(hdl, write_atom_v, shared_bytes{text});
  caf::anon_send(hdl, close_stdin_atom_v);
  REQUIRE(events.until_closed_slowly());
  CHECK((events.out == text));
  CHECK(events.gaps.empty());
  CHECK(events.end->why == close_reason::complete);
  CHECK(w.info(hdl).consumed_stdin == text.size());
}

TEST_CASE("four megabytes on one stream never block the child", "[output]") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(actor({"errzeros", "4194304"}));
  CHECK(result.err.size() == four_mib);
  CHECK(result.out.empty());
  CHECK(success(result.status));
}

TEST_CASE("a child without a subscriber runs to its end",
          "[output][subscription]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"zeros", "4194304"}));
  auto status = w.ask<exit_status>(hdl, wait_atom_v);
  REQUIRE(status);
  CHECK(success(*status));
  SECTION("and leaves the tail of its output to read") {
    check_tail(w, hdl);
  }
}

TEST_CASE("a slow lossless subscriber holds the child back", "[subscription]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"line", "flood"}));
  listener events{w, hdl, {{}, 10000, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"\n"}));
  REQUIRE(events.until([&] { return events.unacknowledged == 10000; }));
  CHECK(events.quiet_for(200ms));
  auto info = w.info(hdl);
  CHECK(info.paused);
  // Output on its way when the window filled is kept, and bounded.
  auto produced = info.produced.out;
  CHECK(produced < 4u << 20);
  CHECK(w.info(hdl).produced.out == produced);
  events.acknowledge();
  REQUIRE(events.until([&] { return events.unacknowledged == 10000; }));
  CHECK(events.out.size() == 20000);
  CHECK(events.gaps.empty());
}

TEST_CASE("a slow lossy subscriber misses bytes, is told, and delays no other",
          "[subscription]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"line", "zeros", "8388608", "out", "end\\n"});
  spec.limits.retained = 100000;
  auto hdl = w.spawn(spec);
  listener slow{w, hdl, {{}, 10000, delivery::lossy}};
  slow.acknowledging = false;
  listener fast{w, hdl};
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"go\n"}));
  REQUIRE(fast.until_closed());
  CHECK(fast.out.size() == 8388608 + 4);
  CHECK(fast.gaps.empty());
  slow.acknowledging = true;
  slow.acknowledge();
  REQUIRE(slow.until_closed());
  CHECK(slow.gaps.size() == 1);
  CHECK(slow.out.substr(slow.out.size() - 4) == "end\n");
}

TEST_CASE("a child that never reads its input is refused more than its limit",
          "[input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"sleep"}));
  auto chunk = shared_bytes{std::string(64 << 10, 'x')};
  // The pipe takes as much as it holds, and nothing else is taken.
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, chunk));
  // 64 MiB in all; the writes that fit wait for an answer that does not come.
  caf::scoped_actor self{w.sys};
  for (auto i = 0; i < 1024; ++i)
    self->send(hdl, write_atom_v, chunk);
  CHECK(is(w.ask<std::uint64_t>(hdl, write_atom_v, chunk).error(),
           errc::stdin_full));
  auto info = w.info(hdl);
  CHECK(info.queued_stdin <= info.spec.limits.stdin_queue);
  CHECK(info.consumed_stdin == chunk.size());
  auto status = w.ask<exit_status>(hdl, terminate_atom_v,
                                   caf::timespan::zero());
  REQUIRE(status);
  CHECK(is(w.ask<std::uint64_t>(hdl, write_atom_v, chunk).error(),
           errc::already_exited));
}

TEST_CASE("a write is answered when the child's side took it", "[input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"cat", "sleep"}));
  auto taken = w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"12345"});
  REQUIRE(taken);
  CHECK(*taken == 5);
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  CHECK(is(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"6"}).error(),
           errc::stdin_closed));
  listener events{w, hdl};
  REQUIRE(events.until_output("12345"));
}

TEST_CASE("writing to a child that closed its input is an error", "[input]") {
  PROCESSION_NEEDS(closed_stream);
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"close", "0", "out", "closed", "sleep"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("closed"));
  auto written = w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"});
  REQUIRE_FALSE(written);
  CHECK(is(written.error(), errc::stdin_closed));
}

TEST_CASE("writing to a child that never had an input is an error", "[input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"sleep"}, pipes(stdin_kind::null)));
  auto written = w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"});
  REQUIRE_FALSE(written);
  CHECK(is(written.error(), errc::stdin_closed));
}

TEST_CASE("late subscribers get what was, then what comes, as one stream",
          "[subscription]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"count", "20000"}));
  std::string expected;
  for (auto i = 0; i < 20000; ++i)
    expected += std::to_string(i) + "\n";
  std::vector<std::unique_ptr<listener>> listeners;
  for (std::size_t i = 0; i < 8; ++i) {
    listeners.push_back(std::make_unique<listener>(w, hdl));
    auto& first = *listeners.front();
    REQUIRE(
      first.until([&] { return first.end || first.out.size() >= i * 10000; }));
  }
  for (auto& x : listeners) {
    REQUIRE(x->until_closed());
    CHECK((x->out == expected));
    CHECK(x->gaps.empty());
  }
}

TEST_CASE("a cursor read waits for output and ends with the session",
          "[output]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"cat"}));
  auto read = [&](cursor from, caf::timespan wait) {
    return w.ask<page>(hdl, read_atom_v, from, std::uint64_t{1000}, wait);
  };
  auto nothing = read({}, caf::timespan::zero());
  REQUIRE(nothing);
  CHECK(nothing->outputs.empty());
  caf::anon_send(hdl, write_atom_v, shared_bytes{"abc"});
  auto first = read({}, patience);
  REQUIRE(first);
  REQUIRE(first->outputs.size() == 1);
  CHECK(first->outputs.front().bytes == shared_bytes{"abc"});
  CHECK(first->next == cursor{3, 0});
  caf::anon_send(hdl, close_stdin_atom_v);
  auto last = read(first->next, patience);
  REQUIRE(last);
  CHECK(last->outputs.empty());
  CHECK(last->state == session_state::closed);
  CHECK(success(last->status));
}
