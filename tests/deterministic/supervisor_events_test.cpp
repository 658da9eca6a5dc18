// The events that subscribers of a supervisor get.
#include "nursery.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("events say what happened to which start of which child",
          "[supervision][subscription]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  n.up("a");
  n.down("a", exit_code(3));
  t.advance(1s);
  n.up("a");
  auto& all = n.seen.events();
  REQUIRE(all.size() == 6);
  CHECK(all[0].child == "a");
  CHECK(all[0].start == 1);
  CHECK(all[0].id == "s1");
  CHECK(all[0].pid == 1);
  CHECK(all[2].what == supervisor_event_kind::exited);
  CHECK(all[2].pid == 1);
  CHECK(all[2].status == exit_code(3));
  CHECK(all[3].delay == 1s);
  CHECK(all[4].start == 2);
  CHECK(all[4].id == "s2");
  CHECK(all[4].pid == 2);
}

TEST_CASE("a later subscriber gets the earlier events, as far as retained",
          "[supervision][subscription]") {
  theatre t;
  supervisor_options options;
  options.retained_events = 3;
  nursery n{t, {kid(t, "a"), kid(t, "b")}, options};
  n.obey();
  watcher late{t, n.hdl};
  CHECK(late.take()
        == lines{"missed 1-2", "a#1 ready", "b#1 started", "b#1 ready"});
  watcher later{t, n.hdl, 0, 4};
  CHECK(later.take() == lines{"b#1 ready"});
  watcher latest{t, n.hdl, 0, 99};
  CHECK(latest.take() == lines{});
  n.down("b", exit_code(1));
  CHECK(latest.take()
        == lines{"b#1 exited: exit code 1", "b#1 backing_off for 1000ms"});
  CHECK(later.take() == late.take());
}

TEST_CASE("a subscriber that does not acknowledge costs no more than the "
          "retained events",
          "[supervision][subscription]") {
  theatre t;
  supervisor_options options;
  options.retained_events = 4;
  options.intensity = {1000, 1s};
  nursery n{t, {eager(t, "a")}, options};
  n.obey();
  watcher slow{t, n.hdl, 2};
  CHECK(slow.take() == lines{"a#1 started", "a#1 ready"});
  for (auto i = 0; i < 100; ++i) {
    n.down("a", exit_code(1));
    n.obey();
  }
  CHECK(slow.take() == lines{});
  slow.ack(1);
  CHECK(slow.take() == lines{"missed 3-299", "a#100 ready"});
  slow.ack(100);
  CHECK(slow.take()
        == lines{"a#100 exited: exit code 1", "a#101 started", "a#101 ready"});
  // The other subscribers got everything.
  CHECK(n.events().size() == 2 + 3 * 100);
}

TEST_CASE("the end is told to everybody, whatever is on its way",
          "[supervision][subscription]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  watcher slow{t, n.hdl, 1};
  n.obey();
  CHECK(slow.take() == lines{"a#1 started"});
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  n.down("a");
  over.value();
  CHECK(slow.take()
        == lines{"a#1 ready", "a#1 stopping",
                 "a#1 exited: exit code 0, by request", "ended: user_shutdown",
                 "down: user_shutdown"});
}

TEST_CASE("a subscriber that goes down is forgotten, one that leaves too",
          "[supervision][subscription]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  {
    watcher gone{t, n.hdl, 1};
    watcher leaves{t, n.hdl, 1};
    leaves.unsubscribe();
    n.obey();
    CHECK(gone.take() == lines{"a#1 started"});
    CHECK(leaves.take() == lines{});
  }
  n.down("a", exit_code(1));
  CHECK(n.events().back() == "a#1 backing_off for 1000ms");
}

TEST_CASE("a child that listens to its supervisor is watched as any other",
          "[supervision][subscription]") {
  theatre t;
  caf::actor child;
  auto make = [&](caf::actor_system& sys) -> caf::expected<caf::actor> {
    child = sys.spawn([](caf::event_based_actor* self) {
      // It ignores the answers.
      self->set_default_handler(caf::drop);
      return caf::behavior{[self](const task& x) { x(self); },
                           [](const supervisor_event&) {},
                           [](const events_missed&) {}};
    });
    return child;
  };
  auto a = actor_child("a", make);
  a.restart = restart_kind::transient;
  nursery n{t, {a}};
  auto as_child = [&](auto... xs) {
    caf::anon_send(
      child, task{[to = n.hdl, xs...](auto* self) { self->send(to, xs...); }});
    t.run();
  };
  as_child(subscribe_atom_v, event_subscription{});
  as_child(unsubscribe_atom_v);
  caf::anon_send_exit(child, caf::exit_reason::kill);
  child = nullptr;
  t.run();
  CHECK(n.states() == lines{"a backing_off"});
}

TEST_CASE("a supervisor does not mind a subscriber that understands nothing",
          "[supervision][subscription]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  auto deaf = t.sys.spawn([&](caf::event_based_actor* self) {
    self->set_default_handler(caf::drop);
    self->request(n.hdl, caf::infinite, subscribe_atom_v, event_subscription{})
      .then([](std::uint64_t) {});
    return caf::behavior{[](const caf::down_msg&) {}};
  });
  n.up("a");
  CHECK(n.states() == lines{"a running"});
  caf::anon_send_exit(deaf, caf::exit_reason::kill);
}

TEST_CASE("a subscription to events that cannot be is refused",
          "[supervision][subscription]") {
  theatre t;
  nursery n{t, {}};
  auto subscribe = [&](event_subscription terms) {
    return n.asker.ask<std::uint64_t>(n.hdl, subscribe_atom_v, terms);
  };
  CHECK(subscribe({1, 0}).is(errc::invalid_argument));
  CHECK(subscribe({}).value() == 1);
  CHECK(subscribe({}).is(errc::already_subscribed));
  n.asker.ask<caf::unit_t>(n.hdl, unsubscribe_atom_v).value();
  CHECK(n.asker.ask<caf::unit_t>(n.hdl, unsubscribe_atom_v)
          .is(errc::not_subscribed));
}
