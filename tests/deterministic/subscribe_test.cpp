#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

namespace {

subscription window(std::uint64_t size, delivery mode = delivery::lossless,
                    cursor from = {}) {
  return {from, size, mode};
}

} // namespace

TEST_CASE("a window smaller than a chunk gets it in slices", "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl, window(3));
  t.child().out("abcdefgh");
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abc"});
  owner.ack(hdl, 1);
  CHECK(owner.take_events() == lines{"2 out@3 d"});
  owner.ack(hdl, 3);
  CHECK(owner.take_events() == lines{"3 out@4 efg"});
  owner.ack(hdl, 3);
  CHECK(owner.take_events() == lines{"4 out@7 h"});
}

TEST_CASE("an acknowledgement of too much opens no more than the window",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl, window(3));
  t.child().out("abcdefgh");
  t.run();
  owner.ack(hdl, ~std::uint64_t{0});
  CHECK(owner.take_events() == lines{"1 out@0 abc", "2 out@3 def"});
}

TEST_CASE("acknowledgements of strangers do nothing", "[subscription]") {
  theatre t;
  peer owner{t};
  peer stranger{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl, window(3));
  t.child().out("abcdefgh");
  t.run();
  stranger.ack(hdl, 3);
  caf::anon_send(hdl, ack_atom_v, std::uint64_t{3});
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abc"});
}

TEST_CASE("many subscribers share one copy of each chunk", "[subscription]") {
  theatre t;
  peer owner{t};
  peer other{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  other.subscribe(hdl, window(4));
  auto bytes = shared_bytes{std::string(10000, 'x')};
  t.child().out(bytes);
  t.run();
  REQUIRE(owner.outputs().size() == 1);
  CHECK(owner.outputs()[0].bytes.data() == bytes.data());
  other.ack(hdl, 4);
  REQUIRE(other.outputs().size() == 2);
  CHECK(other.outputs()[1].bytes.data() == bytes.data() + 4);
  auto kept = owner.ask<page>(hdl, read_atom_v, cursor{9999, 0},
                              std::uint64_t{1}, caf::timespan{0});
  CHECK(kept.value().outputs.at(0).bytes.data() == bytes.data() + 9999);
}

TEST_CASE("a session without a subscriber reads on and keeps the tail",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 1000;
  auto hdl = owner.spawn(spec);
  for (auto i = 0; i < 100; ++i) {
    t.child().out(std::string(64 * 1024, static_cast<char>(i)));
    t.run();
    CHECK(t.child().credit() > 0);
  }
  CHECK(owner.info(hdl).retained == 1000);
  CHECK(owner.info(hdl).produced == cursor{100 * 64 * 1024, 0});
  CHECK_FALSE(owner.info(hdl).paused);
}

TEST_CASE("a lossless subscriber with unsent bytes holds reading back",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl, window(1000));
  auto granted = t.child().granted();
  auto block = std::string(read_window / 4, 'x');
  for (auto i = 0; i < 4; ++i)
    t.child().out(block);
  t.run();
  CHECK(t.child().credit() == 0);
  CHECK(owner.info(hdl).paused);
  CHECK(owner.out().size() == 1000);
  owner.ack(hdl, 500);
  CHECK(t.child().granted() == granted);
  owner.acknowledge_always();
  owner.ack(hdl, 1000);
  CHECK(owner.out().size() == 4 * block.size());
  CHECK_FALSE(owner.info(hdl).paused);
  CHECK(t.child().credit() == read_window);
}

TEST_CASE("bytes under way do not hold reading back, unsent ones do",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl, window(5));
  t.child().out("abcde");
  t.run();
  CHECK_FALSE(owner.info(hdl).paused);
  t.child().out("f");
  t.run();
  CHECK(owner.info(hdl).paused);
}

TEST_CASE("output that a lossless subscriber has not had is never evicted",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 4;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl, window(2));
  t.child().out("abcdefgh");
  t.run();
  CHECK(owner.info(hdl).retained == 6);
  for (auto i = 0; i < 3; ++i)
    owner.ack(hdl, 2);
  CHECK(owner.take_events()
        == lines{"1 out@0 ab", "2 out@2 cd", "3 out@4 ef", "4 out@6 gh"});
  CHECK(owner.info(hdl).retained == 4);
}

TEST_CASE("a lossy subscriber holds nothing back and gets one gap",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 4;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl, window(3, delivery::lossy));
  t.child().out("abc");
  t.run();
  for (auto text : {"d", "efg", "hij", "klm"}) {
    t.child().out(text);
    t.run();
  }
  CHECK_FALSE(owner.info(hdl).paused);
  CHECK(owner.take_events() == lines{"1 out@0 abc"});
  owner.ack(hdl, 3);
  CHECK(owner.take_events()
        == lines{"2 gap out 3-9", "3 out@9 j", "4 out@10 kl"});
  owner.ack(hdl, 3);
  t.child().out("n");
  t.run();
  CHECK(owner.take_events() == lines{"5 out@12 m", "6 out@13 n"});
}

TEST_CASE("a lossy subscriber gets a gap for each stream", "[subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 2;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl, window(2, delivery::lossy));
  t.child().out("ab");
  t.child().err("cd");
  t.child().out("ef");
  t.child().err("gh");
  t.run();
  owner.ack(hdl, 2);
  t.end();
  CHECK(owner.take_events()
        == lines{"1 out@0 ab", "2 gap out 2-4", "3 gap err 0-2", "4 err@2 gh",
                 "5 exited exit code 0", "6 closed complete"});
}

TEST_CASE("a lossy subscriber that never acknowledges learns of the end",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 0;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl, window(3, delivery::lossy));
  t.child().out("abcdef");
  t.end();
  CHECK(owner.take_events() == lines{"1 out@0 abc", "2 exited exit code 0"});
  owner.ack(hdl, 3);
  CHECK(owner.take_events() == lines{"3 gap out 3-6", "4 closed complete"});
}

TEST_CASE("a lossless subscriber keeps what a lossy one would lose",
          "[subscription]") {
  theatre t;
  peer owner{t};
  peer lossy{t};
  auto spec = cat();
  spec.limits.retained = 2;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl, window(2));
  lossy.subscribe(hdl, window(2, delivery::lossy));
  t.child().out("abcdef");
  t.run();
  lossy.ack(hdl, 2);
  lossy.ack(hdl, 2);
  CHECK(lossy.out() == "abcdef");
  CHECK(owner.out() == "ab");
  CHECK(owner.info(hdl).paused);
}

TEST_CASE("a subscriber that dies mid-stream is forgotten", "[subscription]") {
  theatre t;
  peer owner{t};
  auto slow = std::make_unique<peer>(t);
  auto hdl = owner.spawn();
  slow->subscribe(hdl, window(2));
  owner.subscribe(hdl);
  owner.acknowledge_always();
  for (auto i = 0; i < 4; ++i)
    t.child().out(std::string(read_window / 4, 'x'));
  t.run();
  CHECK(t.child().credit() == 0);
  CHECK(owner.info(hdl).subscribers == 2);
  slow.reset();
  CHECK(owner.info(hdl).subscribers == 1);
  CHECK(t.child().credit() == read_window);
  t.child().out("on");
  t.end();
  CHECK(owner.out().size() == read_window + 2);
  CHECK(owner.done());
}

TEST_CASE("an owner that subscribes and dies is forgotten and obeyed",
          "[subscription]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto hdl = owner->spawn();
  owner->subscribe(hdl, window(1));
  t.child().out("abc");
  t.run();
  owner.reset();
  CHECK(t.child().take_calls() == lines{"kill"});
  auto info = other.info(hdl);
  CHECK(info.subscribers == 0);
  CHECK_FALSE(info.paused);
}

TEST_CASE("unsubscribing ends the events and lets the child go on",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  CHECK(owner.tell(hdl, unsubscribe_atom_v).is(errc::not_subscribed));
  owner.subscribe(hdl, window(2));
  for (auto i = 0; i < 4; ++i)
    t.child().out(std::string(read_window / 4, 'x'));
  t.run();
  CHECK(owner.tell(hdl, unsubscribe_atom_v).error() == caf::none);
  CHECK(t.child().credit() == read_window);
  owner.take_events();
  t.child().out("more");
  t.end();
  CHECK(owner.take_events() == lines{});
  CHECK(owner.tell(hdl, unsubscribe_atom_v).is(errc::not_subscribed));

  SECTION("and who subscribes again begins a stream of its own") {
    owner.subscribe(hdl, window(99, delivery::lossless, {read_window, 0}));
    CHECK(owner.take_events()
          == lines{"1 out@" + std::to_string(read_window) + " more",
                   "2 exited exit code 0", "3 closed complete"});
  }
}

TEST_CASE("a subscription that cannot be is refused", "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.run();
  CHECK(owner.subscribe(hdl, window(0)).is(errc::invalid_argument));
  CHECK(owner.subscribe(hdl, window(9, delivery::lossless, {4, 0}))
          .is(errc::invalid_argument));
  CHECK(owner.subscribe(hdl, window(9, delivery::lossless, {3, 1}))
          .is(errc::invalid_argument));
  CHECK(owner.info(hdl).subscribers == 0);
  CHECK_FALSE(
    owner.subscribe(hdl, window(9, delivery::lossless, {3, 0})).error());
  CHECK(owner.ask<caf::unit_t>(hdl, subscribe_atom_v, subscription{})
          .is(errc::already_subscribed));
  caf::anon_send(hdl, subscribe_atom_v, subscription{});
  t.run();
  CHECK(owner.info(hdl).subscribers == 1);
  t.child().out("d");
  t.run();
  CHECK(owner.take_events() == lines{"1 out@3 d"});
}

TEST_CASE("a subscriber that understands nothing harms only itself",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto deaf = t.sys.spawn([&](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->request(hdl, caf::infinite, subscribe_atom_v, subscription{})
      .then([] {});
    return caf::behavior{[](const caf::down_msg&) {}};
  });
  t.run();
  t.child().out("abc");
  t.run();
  CHECK(owner.info(hdl).state == session_state::running);
  caf::anon_send_exit(deaf, caf::exit_reason::kill);
}

TEST_CASE("the answer to a subscription comes before its events",
          "[subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().out("abc");
  t.run();
  std::string order;
  auto witness = t.sys.spawn([&](caf::event_based_actor* self) {
    self->request(hdl, caf::infinite, subscribe_atom_v, subscription{})
      .then([&] { order += "answer "; });
    return caf::behavior{[&](const output&) { order += "output "; }};
  });
  t.run();
  CHECK(order == "answer output ");
  caf::anon_send_exit(witness, caf::exit_reason::kill);
}
