#include "theatre.hpp"

#include "procession/actors/common/waiters.hpp"

using namespace procession;
using namespace procession::test;

namespace {

reply<page> read(peer& who, const session& from, cursor at,
                 std::uint64_t max = 99, caf::timespan wait = 0s) {
  return who.ask<page>(from, read_atom_v, at, max, wait);
}

/// Returns the outputs of a page as a peer notes events, without numbers.
lines contents(const page& x) {
  lines result;
  for (auto& y : x.gaps)
    result.push_back("gap " + to_string(y.stream) + " " + std::to_string(y.from)
                     + "-" + std::to_string(y.to));
  for (auto& y : x.outputs) {
    CHECK(y.seq == 0);
    result.push_back(to_string(y.stream) + "@" + std::to_string(y.offset) + " "
                     + std::string{y.bytes.text()});
  }
  return result;
}

} // namespace

TEST_CASE("a read returns the output after its cursor, and where to go on",
          "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abcd");
  t.child().err("123");
  t.run();
  auto first = read(owner, hdl, {}, 6).value();
  CHECK(contents(first) == lines{"out@0 abcd", "err@0 12"});
  CHECK(first.next == cursor{4, 2});
  CHECK(first.state == session_state::running);
  auto second = read(owner, hdl, first.next).value();
  CHECK(contents(second) == lines{"err@2 3"});
  CHECK(second.next == cursor{4, 3});
  auto third = read(owner, hdl, second.next).value();
  CHECK(contents(third) == lines{});
  CHECK(third.next == cursor{4, 3});
}

TEST_CASE("a read tells what was evicted", "[output]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 2;
  auto hdl = owner.spawn(spec);
  t.child().out("abcd");
  t.child().err("12");
  t.child().out("e");
  t.run();
  auto result = read(owner, hdl, {1, 0}).value();
  CHECK(contents(result)
        == lines{"gap out 1-4", "gap err 0-1", "err@1 2", "out@4 e"});
  CHECK(result.next == cursor{5, 2});
}

TEST_CASE("a read that cannot be is refused", "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  CHECK(read(owner, hdl, {}, 0).is(errc::invalid_argument));
  CHECK(read(owner, hdl, {1, 0}).is(errc::invalid_argument));
  CHECK(read(owner, hdl, {0, 1}).is(errc::invalid_argument));
}

TEST_CASE("a read at the end waits", "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.run();
  auto waiting = read(owner, hdl, {3, 0}, 2, 10s);
  CHECK(waiting.pending());

  SECTION("for output") {
    t.child().out("defg");
    t.run();
    CHECK(contents(waiting.value()) == lines{"out@3 de"});
    CHECK(waiting.value().next == cursor{5, 0});
    t.advance(10s);
  }
  SECTION("until its time is over") {
    t.advance(9999ms);
    CHECK(waiting.pending());
    t.advance(1ms);
    CHECK(contents(waiting.value()) == lines{});
    CHECK(waiting.value().next == cursor{3, 0});
    CHECK(waiting.value().state == session_state::running);
  }
  SECTION("until the session is closed, not only exited") {
    t.child().exited(exit_code(5));
    t.run();
    CHECK(waiting.pending());
    t.child().both_ended();
    t.run();
    t.child().finished();
    t.run();
    CHECK(contents(waiting.value()) == lines{});
    CHECK(waiting.value().state == session_state::closed);
    CHECK(waiting.value().status.code == 5);
    CHECK(waiting.value().complete);
  }
}

TEST_CASE("several reads may wait at once, each for its own time", "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto shorter = read(owner, hdl, {}, 9, 1s);
  auto longer = read(owner, hdl, {}, 9, 2s);
  auto longest = read(owner, hdl, {}, 9, 3s);
  t.advance(1s);
  CHECK_FALSE(shorter.pending());
  CHECK(longer.pending());
  t.advance(1s);
  CHECK_FALSE(longer.pending());
  CHECK(longest.pending());
  t.child().err("abc");
  t.run();
  CHECK(contents(longest.value()) == lines{"err@0 abc"});
}

TEST_CASE("reading takes nothing away from subscribers, nor they from it",
          "[output][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  auto waiting = read(owner, hdl, {}, 9, 1s);
  t.child().out("abc");
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abc"});
  CHECK(contents(waiting.value()) == lines{"out@0 abc"});
  CHECK(contents(read(owner, hdl, {}).value()) == lines{"out@0 abc"});
}

namespace {

/// Returns a command that pauses without a subscriber.
command pausing(std::uint64_t retained) {
  auto result = cat();
  result.unsubscribed = unsubscribed_policy::pause;
  result.limits.retained = retained;
  return result;
}

/// Lets the child write as much as its credit allows, all of it `filler`.
std::uint64_t bring_all(theatre& t, char filler = 'x') {
  std::uint64_t result = 0;
  while (auto n = std::min<std::uint64_t>(t.child().credit(), 64 * 1024)) {
    t.child().out(std::string(n, filler));
    t.run();
    result += n;
  }
  return result;
}

} // namespace

TEST_CASE("a pausing session reads no more than its log holds",
          "[output][subscription]") {
  theatre t;
  peer owner{t};
  auto retained = GENERATE(as<std::uint64_t>{}, 0, 10, 1000, 256 * 1024,
                           1024 * 1024);
  auto hdl = owner.spawn(pausing(retained));
  CHECK(bring_all(t) == retained);
  CHECK(owner.info(hdl).paused);
  CHECK(owner.info(hdl).retained == retained);
}

TEST_CASE("a cursor read lets a pausing session go on, losing nothing",
          "[output][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(pausing(512 * 1024));
  auto brought = bring_all(t);
  cursor at;
  for (auto i = 0; i < 20; ++i) {
    auto result = read(owner, hdl, at, 300 * 1024).value();
    CHECK(result.gaps.empty());
    at = result.next;
    brought += bring_all(t);
  }
  CHECK(brought > 4 * 1024 * 1024);
  CHECK(owner.info(hdl).retained <= 512 * 1024 + read_window);
  bring_all(t);
  t.child().both_ended();
  t.child().exited();
  t.child().finished();
  t.run();
  for (page last; at != owner.info(hdl).produced; at = last.next) {
    last = read(owner, hdl, at, 1024 * 1024).value();
    CHECK(last.gaps.empty());
  }
  CHECK(at.out == brought);
}

TEST_CASE("a subscriber lets a pausing session go on, and its end stops it",
          "[output][subscription]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto spec = pausing(read_window);
  spec.owner = ownership::spawner;
  auto hdl = owner->spawn(spec);
  auto had = bring_all(t);
  owner->acknowledge_always();
  owner->subscribe(hdl);
  CHECK(t.child().credit() == read_window);
  CHECK_FALSE(other.info(hdl).paused);

  SECTION("when it goes down") {
    owner.reset();
  }
  SECTION("when it unsubscribes") {
    owner->tell(hdl, unsubscribe_atom_v);
  }
  bring_all(t, 'y');
  CHECK(other.info(hdl).paused);
  auto kept = read(other, hdl, {had, 0}, 1024 * 1024).value();
  CHECK(kept.gaps.empty());
  CHECK(kept.next == other.info(hdl).produced);
}

TEST_CASE("a pausing session that is read late still closes",
          "[output][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(pausing(256 * 1024));
  auto had = bring_all(t);
  t.child().exited();
  t.run();
  t.advance(1h);
  CHECK(t.child().take_calls() == lines{});
  read(owner, hdl, {had, 0});
  t.advance(cat().kill.drain_timeout);
  CHECK(t.child().take_calls() == lines{"finish"});
  t.end();
  CHECK(owner.info(hdl).state == session_state::closed);
}

TEST_CASE("a pausing session whose owner is gone is not waited with",
          "[output][subscription]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto hdl = owner->spawn(pausing(256 * 1024));
  bring_all(t);
  REQUIRE(other.info(hdl).paused);
  auto first = GENERATE(true, false);
  if (first)
    owner.reset();
  t.run();
  t.child().exited(by_signal(9));
  t.run();
  if (!first)
    owner.reset();
  t.run();
  t.child().take_calls();
  t.advance(cat().kill.drain_timeout);
  CHECK(t.child().take_calls() == lines{"finish"});
  t.end();
}

TEST_CASE("waiting reads are limited", "[output][limits]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  std::vector<reply<page>> waiting;
  auto ask = [&](caf::timespan wait) {
    return owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{1}, wait);
  };
  for (std::size_t i = 0; i < max_waiting; ++i)
    waiting.push_back(ask(1min));
  CHECK(ask(1min).is(errc::busy));
  t.advance(1min);
  for (auto& x : waiting)
    CHECK(x.value().outputs.empty());
  CHECK(ask(1min).pending());
}

TEST_CASE("reads that wait for different times end one after the other",
          "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto ask = [&](caf::timespan wait) {
    return owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{1}, wait);
  };
  auto longest = ask(1h);
  auto longer = ask(25s);
  auto shortest = ask(5s);
  t.advance(4999ms);
  CHECK(shortest.pending());
  t.advance(1ms);
  CHECK_FALSE(shortest.pending());
  t.advance(19s);
  CHECK(longer.pending());
  t.advance(1s);
  CHECK_FALSE(longer.pending());
  t.advance(1h - 26s);
  CHECK(longest.pending());
  t.advance(1s);
  CHECK_FALSE(longest.pending());
}

TEST_CASE("a read that was answered does not keep a clock running",
          "[output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto reading = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{1},
                                 caf::timespan{1h});
  t.child().out("a");
  t.run();
  CHECK_FALSE(reading.pending());
  // The pending timer is the last one.
  t.advance(10s);
  CHECK_FALSE(t.waits());
}
