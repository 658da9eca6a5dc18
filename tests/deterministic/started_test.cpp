#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("the first event tells that the program runs",
          "[start][subscription]") {
  theatre t;
  peer owner{t};
  peer late{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  CHECK(owner.begun());
  t.child().out("ab");
  t.end();
  CHECK(owner.take_events().back() == "3 closed complete");
  // This also holds for a subscriber that comes after the end.
  late.subscribe(hdl);
  CHECK(late.begun());
  CHECK(late.take_events()
        == lines{"1 out@0 ab", "2 exited exit code 0", "3 closed complete"});
}

TEST_CASE("a spawn that subscribes is answered, then come the events",
          "[start][subscription]") {
  theatre t;
  peer owner{t};
  auto made = owner.begin_subscribed(cat());
  CHECK(made.pending());
  CHECK_FALSE(owner.begun());
  // The program's first output comes before any later subscription.
  t.child().started();
  t.child().out("ab");
  t.run();
  CHECK(made.value());
  CHECK(owner.begun());
  CHECK(owner.take_events() == lines{"1 out@0 ab"});
  CHECK(owner.subscribe(made.value()).is(errc::already_subscribed));
}

TEST_CASE("a spawn that subscribes and fails is answered with the error alone",
          "[start][subscription]") {
  theatre t;
  peer owner{t};
  auto made = owner.begin_subscribed(cat());
  t.child().start_failed(errc::program_not_found, stage::exec);
  t.run();
  CHECK(made.is(errc::program_not_found));
  CHECK_FALSE(owner.begun());
  CHECK(owner.take_events() == lines{});
}

TEST_CASE(
  "a session that goes while it starts tells its starter the error alone",
  "[start][subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  auto made = owner.begin_subscribed(spec);
  auto found = owner.ask<session>(t.where, find_atom_v, session_id{"early"});
  caf::anon_send_exit(found.value(), caf::exit_reason::user_shutdown);
  t.run();
  CHECK(made.is(errc::already_exited));
  CHECK(owner.take_events() == lines{});
}

TEST_CASE("a subscriber to events alone gets no output and holds none back",
          "[events]") {
  theatre t;
  peer owner{t};
  peer reader{t};
  auto made = owner.begin_subscribed(cat(), {{}, 1, delivery::events_only});
  t.child().started();
  t.run();
  CHECK(owner.begun());
  reader.subscribe(made.value(), {{}, 1, delivery::lossless});
  t.child().out("abc");
  t.run();
  reader.acknowledge_always();
  reader.ack(made.value(), 1);
  CHECK_FALSE(reader.info(made.value()).paused);
  t.end();
  CHECK(owner.take_events()
        == lines{"1 exited exit code 0", "2 closed complete"});
}

TEST_CASE("a subscriber to events alone does not wait for others at the end",
          "[events]") {
  theatre t;
  peer owner{t};
  peer slow{t};
  auto made = owner.begin_subscribed(cat(), {{}, 1, delivery::events_only});
  t.child().started();
  t.run();
  slow.subscribe(made.value(), {{}, 1, delivery::lossless});
  t.child().out("abc");
  t.end();
  CHECK(owner.take_events()
        == lines{"1 exited exit code 0", "2 closed complete"});
  CHECK(slow.take_events() == lines{"1 out@0 a", "2 exited exit code 0"});
}

TEST_CASE("output waits for a subscriber that takes it, not for one to events",
          "[events]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retained = 4;
  spec.unsubscribed = unsubscribed_policy::pause;
  auto made = owner.begin_subscribed(spec, {{}, 1, delivery::events_only});
  t.child().started();
  t.child().out("abcd");
  t.run();
  CHECK(owner.info(made.value()).paused);
  owner.tell(made.value(), unsubscribe_atom_v);
  CHECK(owner.info(made.value()).paused);
  owner.subscribe(made.value());
  CHECK(owner.take_events() == lines{"1 out@0 abcd"});
}

TEST_CASE("a spawn that subscribes has a window and begins at the beginning",
          "[start][subscription]") {
  theatre t;
  peer owner{t};
  CHECK(owner.begin_subscribed(cat(), {{}, 0, delivery::lossless})
          .is(errc::invalid_argument));
  CHECK(owner.begin_subscribed(cat(), {{1, 0}, 9, delivery::lossless})
          .is(errc::invalid_argument));
  CHECK(t.children() == 0);
}

TEST_CASE("a session that never ran has no start to tell of",
          "[start][subscription]") {
  theatre t;
  peer owner{t};
  peer late{t};
  auto made = owner.begin(cat());
  t.child().start_failed(errc::program_not_found, stage::exec);
  t.run();
  CHECK(made.is(errc::program_not_found));
  auto found = owner.ask<session>(t.where, find_atom_v, t.child().spec().id);
  late.subscribe(found.value());
  CHECK_FALSE(late.begun());
  CHECK(late.take_events()
        == lines{"1 exited did not start", "2 closed complete"});
}

TEST_CASE("the last event tells why it is the last", "[ending][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  t.child().exited();
  t.run();
  SECTION("the output was read to its end") {
    t.child().both_ended();
    t.child().finished();
    t.run();
    CHECK(owner.take_events().back() == "2 closed complete");
  }
  SECTION("it was held open past the drain deadline") {
    t.advance(std::chrono::hours{1});
    t.child().finished();
    t.run();
    CHECK(owner.take_events().back() == "2 closed drain_deadline");
  }
  SECTION("its host was lost") {
    t.child().lost();
    t.run();
    CHECK(owner.take_events().back() == "2 closed host_lost");
  }
}
