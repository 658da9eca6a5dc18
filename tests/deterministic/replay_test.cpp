#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

namespace {

subscription from(cursor at, std::uint64_t window = 99) {
  return {at, window, delivery::lossless};
}

} // namespace

TEST_CASE("two subscribers at different offsets each get their own stream",
          "[subscription][output]") {
  theatre t;
  peer owner{t};
  peer other{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  t.child().out("abcd");
  t.run();
  other.subscribe(hdl, from({2, 0}, 3));
  t.child().out("ef");
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abcd", "2 out@4 ef"});
  CHECK(other.take_events() == lines{"1 out@2 cd", "2 out@4 e"});
  owner.ack(hdl, 6);
  CHECK(other.take_events() == lines{});
  t.end();
  CHECK(owner.take_events()
        == lines{"3 exited exit code 0", "4 closed complete"});
  CHECK(other.take_events() == lines{"3 exited exit code 0"});
  other.ack(hdl, 3);
  CHECK(other.take_events() == lines{"4 out@5 f", "5 closed complete"});
}

TEST_CASE("replay keeps the order of arrival over both streams",
          "[subscription][output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.child().err("123");
  t.child().out("def");
  t.child().err("456");
  t.run();

  SECTION("from the beginning") {
    owner.subscribe(hdl);
    CHECK(owner.take_events()
          == lines{"1 out@0 abc", "2 err@0 123", "3 out@3 def", "4 err@3 456"});
  }
  SECTION("from the middle of a chunk") {
    owner.subscribe(hdl, from({1, 0}));
    CHECK(owner.take_events()
          == lines{"1 out@1 bc", "2 err@0 123", "3 out@3 def", "4 err@3 456"});
  }
  SECTION("from the middle of a chunk of each stream") {
    owner.subscribe(hdl, from({4, 2}));
    CHECK(owner.take_events()
          == lines{"1 err@2 3", "2 out@4 ef", "3 err@3 456"});
  }
  SECTION("with one of them had already") {
    owner.subscribe(hdl, from({6, 0}));
    CHECK(owner.take_events() == lines{"1 err@0 123", "2 err@3 456"});
  }
  SECTION("with both of them had already") {
    owner.subscribe(hdl, from({6, 6}));
    CHECK(owner.take_events() == lines{});
  }
  t.child().out("g");
  t.child().err("7");
  t.run();
  auto events = owner.take_events();
  CHECK(owner.out().back() == 'g');
  CHECK(owner.err().back() == '7');
}

TEST_CASE("replay begins with one gap for what was evicted",
          "[subscription][output]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 5;
  auto hdl = owner.spawn(spec);
  t.child().out("abcdef");
  t.child().err("123");
  t.run();
  CHECK(owner.info(hdl).retained == 5);

  SECTION("in the stream that lost some") {
    owner.subscribe(hdl);
    CHECK(owner.take_events()
          == lines{"1 gap out 0-4", "2 out@4 ef", "3 err@0 123"});
  }
  SECTION("from the cursor on") {
    owner.subscribe(hdl, from({3, 0}));
    CHECK(owner.take_events()
          == lines{"1 gap out 3-4", "2 out@4 ef", "3 err@0 123"});
  }
  SECTION("unless the cursor lies behind it") {
    owner.subscribe(hdl, from({4, 0}));
    CHECK(owner.take_events() == lines{"1 out@4 ef", "2 err@0 123"});
  }
}

TEST_CASE("the retained tail is exactly the last bytes, over both streams",
          "[subscription][output]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 1000;
  auto hdl = owner.spawn(spec);
  for (auto i = 1u; i <= 50; ++i) {
    t.child().out(std::string(61, 'o'));
    t.child().err(std::string(40, 'e'));
    t.run();
    CHECK(owner.info(hdl).retained == std::min(1000u, i * 101));
  }
  CHECK(owner.info(hdl).produced == cursor{50 * 61, 50 * 40});
  owner.subscribe(hdl, from({}, 9999));
  CHECK(owner.out().size() + owner.err().size() == 1000);
  // Nine pairs, and the rest of the one before them.
  CHECK(owner.out().size() == 9 * 61 + 51);
  CHECK(owner.err().size() == 10 * 40);
}

TEST_CASE("a session that retains nothing still serves its subscribers",
          "[subscription][output]") {
  theatre t;
  peer owner{t};
  peer late{t};
  auto spec = cat();
  spec.limits.retained = 0;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl);
  t.child().out("abc");
  t.run();
  CHECK(owner.info(hdl).retained == 0);
  late.subscribe(hdl);
  t.child().out("d");
  t.end();
  CHECK(owner.take_events()
        == lines{"1 out@0 abc", "2 out@3 d", "3 exited exit code 0",
                 "4 closed complete"});
  CHECK(late.take_events()
        == lines{"1 gap out 0-3", "2 out@3 d", "3 exited exit code 0",
                 "4 closed complete"});
}

TEST_CASE("a closed session replays everything, then its end",
          "[subscription][ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.child().err("d");
  t.end();
  for (auto i = 0; i < 2; ++i) {
    owner.subscribe(hdl);
    CHECK(owner.take_events()
          == lines{"1 out@0 abc", "2 err@0 d", "3 exited exit code 0",
                   "4 closed complete"});
  }

  SECTION("as fast as the subscriber wants") {
    peer slow{t};
    slow.subscribe(hdl, from({}, 2));
    CHECK(slow.take_events() == lines{"1 out@0 ab", "2 exited exit code 0"});
    slow.ack(hdl, 2);
    CHECK(slow.take_events()
          == lines{"3 out@2 c", "4 err@0 d", "5 closed complete"});
  }
  SECTION("to the end of its retention and for who listens then") {
    peer slow{t};
    slow.subscribe(hdl, from({}, 3));
    t.advance(cat().limits.retention);
    CHECK(slow.take_events() == lines{"1 out@0 abc", "2 exited exit code 0"});
    slow.ack(hdl, 3);
    CHECK(slow.take_events() == lines{"3 err@0 d", "4 closed complete"});
    CHECK(owner.ask<session_info>(hdl, info_atom_v).error());
  }
}

TEST_CASE("subscribing after the exit tells of it before the last output",
          "[subscription][ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.child().exited(exit_code(2));
  t.run();
  owner.subscribe(hdl);
  t.child().out("d");
  t.child().both_ended();
  t.run();
  t.child().finished();
  t.run();
  CHECK(owner.take_events()
        == lines{"1 out@0 abc", "2 exited exit code 2", "3 out@3 d",
                 "4 closed complete"});
}

TEST_CASE("replay and live output neither repeat nor miss a byte",
          "[subscription][output]") {
  // This many messages are delivered before the subscription goes out.
  auto head_start = GENERATE(range(0, 12));
  theatre t;
  peer owner{t};
  peer racer{t};
  auto hdl = owner.spawn();
  std::minstd_rand chance{static_cast<unsigned>(head_start) + 1};
  for (auto text : {"ab", "cd", "ef", "gh", "ij"}) {
    t.child().out(text);
    t.child().err(text);
  }
  for (auto i = 0; i < head_start; ++i)
    t.run_any(chance);
  auto asked = racer.post<caf::unit_t>(hdl, subscribe_atom_v, from({}, 3));
  racer.acknowledge_always();
  t.child().out("kl");
  t.end();
  CHECK_FALSE(asked.error());
  CHECK(racer.out() == "abcdefghijkl");
  CHECK(racer.err() == "abcdefghij");
  CHECK(racer.done());
}
