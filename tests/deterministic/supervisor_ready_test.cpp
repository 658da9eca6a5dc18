// When a child is ready, and children that are not sessions.
#include "nursery.hpp"

#include <stdexcept>

using namespace procession;
using namespace procession::test;

namespace {

child_spec ready_when(child_spec x, readiness when) {
  std::get<session_start>(x.start).ready = std::move(when);
  return x;
}

/// A probe that the test answers.
struct scripted_probe {
  using answer = std::function<void(std::optional<failure>)>;

  std::shared_ptr<std::vector<answer>> asked
    = std::make_shared<std::vector<answer>>();
  /// The session that it was asked about last.
  std::shared_ptr<session_info> seen = std::make_shared<session_info>();

  readiness when() const {
    return ready_probe{
      [asked = asked, seen = seen](const session_info& who, answer x) {
        *seen = who;
        asked->push_back(std::move(x));
      }};
  }

  void say(theatre& t, std::optional<failure> x = std::nullopt) {
    REQUIRE(!asked->empty());
    asked->back()(std::move(x));
    t.run();
  }
};

const auto refused = failure{errc::request_failed, {stage::ready, 111, "no"}};

} // namespace

TEST_CASE("a child is ready when its output has the text", "[supervision]") {
  theatre t;
  nursery n{t,
            {ready_when(kid(t, "a"), ready_output{"listening on :80"}),
             kid(t, "b")}};
  n.up("a");
  CHECK(n.states() == lines{"a starting", "b waiting"});
  n.of("a").out("starting\nlisten");
  n.of("a").err("ing on :80\n");
  t.run();
  CHECK(n.states() == lines{"a starting", "b waiting"});
  n.of("a").out("ing on :80");
  t.run();
  CHECK(n.states() == lines{"a running", "b starting"});
  CHECK(n.asker.info(n.find("a").session).subscribers == 0);
}

TEST_CASE("looking for a text neither takes output nor holds the child up",
          "[supervision]") {
  theatre t;
  auto a = ready_when(kid(t, "a"), ready_output{"ready"});
  nursery n{t, {a}};
  n.up("a");
  auto& child = n.of("a");
  auto chunk = std::string(64 * 1024, 'x');
  std::string all;
  for (auto i = 0; i < 64; ++i) {
    child.out(shared_bytes{chunk});
    all += chunk;
    t.run();
  }
  child.out("\nready\n");
  t.run();
  CHECK(n.states() == lines{"a running"});
  peer reader{t};
  subscription terms;
  terms.window = 1 << 30;
  reader.subscribe(n.find("a").session, terms);
  auto tail = reader.out();
  CHECK(tail.substr(tail.size() - 7) == "\nready\n");
}

TEST_CASE("a child is ready when it says so by its descriptor",
          "[supervision]") {
  theatre t;
  auto a = ready_when(kid(t, "a"), ready_notified{});
  CHECK(is(make_supervisor(t.sys, {a}).error(), errc::invalid_argument));
  std::get<session_start>(a.start).what.notification_fd = 3;
  nursery n{t, {a, kid(t, "b")}};
  n.up("a");
  n.of("a").out("ready\n");
  t.run();
  CHECK(n.states() == lines{"a starting", "b waiting"});
  n.of("a").notified();
  t.run();
  CHECK(n.states() == lines{"a running", "b starting"});
}

TEST_CASE("a child that says that it is ready and ends at once was ready",
          "[supervision]") {
  theatre t;
  auto a = ready_when(kid(t, "a", restart_kind::transient), ready_notified{});
  std::get<session_start>(a.start).what.notification_fd = 3;
  auto b = ready_when(kid(t, "b", restart_kind::transient),
                      ready_output{"ready"});
  auto by_descriptor = GENERATE(true, false);
  auto fails = GENERATE(true, false);
  nursery n{t, {by_descriptor ? a : b}};
  auto name = std::string{by_descriptor ? "a" : "b"};
  auto& child = n.of(name);
  // All of it arrives before the supervisor is told that the child runs.
  child.started();
  if (!fails && by_descriptor)
    child.notified();
  if (!fails && !by_descriptor)
    child.out("ready\n");
  child.both_ended();
  child.exited();
  child.finished();
  t.run();
  auto seen = n.events();
  if (fails) {
    CHECK(std::count(seen.begin(), seen.end(), name + "#1 ready") == 0);
    CHECK(contains(seen.back(), "down"));
  } else {
    REQUIRE(seen.size() >= 3);
    CHECK(contains(seen[0], "started"));
    CHECK(contains(seen[1], "ready"));
    CHECK(contains(seen[2], "exited"));
    CHECK(n.states() == lines{name + " succeeded"});
  }
}

TEST_CASE("a child is ready when a probe finds what it looks for",
          "[supervision]") {
  theatre t;
  scripted_probe probe;
  nursery n{t, {ready_when(kid(t, "a"), probe.when())}};
  CHECK(probe.asked->empty());
  n.up("a");
  REQUIRE(probe.asked->size() == 1);
  // It is tried again after pauses that grow from 10 ms to a second.
  auto pause = caf::timespan{10ms};
  for (std::size_t tries = 1; tries < 12; ++tries) {
    probe.say(t, refused);
    t.advance(pause - 1ms);
    CHECK(probe.asked->size() == tries);
    t.advance(1ms);
    CHECK(probe.asked->size() == tries + 1);
    pause = std::min<caf::timespan>(2 * pause, 1s);
  }
  CHECK(n.states() == lines{"a starting"});
  CHECK(probe.seen->id == n.find("a").id);
  CHECK(probe.seen->pid == n.find("a").pid);
  CHECK(probe.seen->pid != 0);
  probe.say(t);
  CHECK(n.states() == lines{"a running"});
  // A late answer is ignored.
  probe.asked->front()(refused);
  t.advance(1h);
  CHECK(n.states() == lines{"a running"});
}

TEST_CASE("a probe that cannot work fails the start at once", "[supervision]") {
  theatre t;
  scripted_probe probe;
  nursery n{t, {ready_when(kid(t, "a"), probe.when())}};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);

  SECTION("by its own word") {
    n.up("a");
    probe.say(t, failure{errc::invalid_argument, {stage::ready, 0, "bad"}});
  }
  SECTION("though the process was faster") {
    // The child says it before the supervisor waits for it.
    n.of("a").started(1);
    t.run();
    probe.say(t, failure{errc::invalid_argument, {stage::ready, 0, "bad"}});
  }
  CHECK(n.count("a", "terminate") == 1);
  n.of("a").both_ended();
  n.of("a").exited(by_signal(15));
  n.of("a").finished();
  t.run();
  CHECK(up.is(errc::invalid_argument));
  CHECK(contains(n.events().back(), "down: invalid_argument at ready"));
}

TEST_CASE("a child that is not ready in time is stopped, and that is told",
          "[supervision]") {
  theatre t;
  auto a = ready_when(kid(t, "a"), ready_output{"never"});
  a.ready_within = 7s;
  nursery n{t, {kid(t, "first"), a}};
  n.up("first");

  SECTION("when it starts at first, which ends it all") {
    auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
    n.up("a");
    t.advance(7s - 1ms);
    CHECK(up.pending());
    t.advance(1ms);
    CHECK(n.count("a", "terminate") == 1);
    n.down("a", by_signal(15));
    CHECK(up.is(errc::deadline_passed));
    CHECK(detail_of(up.error()).at == stage::ready);
    n.down("first");
    auto seen = n.events();
    CHECK(seen.at(3)
          == "a#1 start_failed: deadline_passed at ready: it was not ready "
             "within 7000 ms");
    CHECK(contains(seen.back(), "down: deadline_passed at ready"));
  }
  SECTION("when it starts again, which is one more failure") {
    n.up("a");
    n.of("a").out("never");
    t.run();
    n.down("a", exit_code(1));
    t.advance(1s);
    n.up("a");
    t.advance(7s);
    n.down("a", by_signal(15));
    CHECK(n.states() == lines{"first running", "a backing_off"});
  }
  SECTION("though its process is not even there") {
    t.advance(7s);
    CHECK(contains(n.events().back(), "start_failed: deadline_passed"));
    // It is ended as soon as it can be ended.
    n.up("a");
    CHECK(n.count("a", "terminate") == 1);
    n.obey();
    CHECK(contains(n.events().back(), "down: deadline_passed at ready"));
  }
}

TEST_CASE("the reason why a probe found nothing is told when the time is over",
          "[supervision]") {
  theatre t;
  scripted_probe probe;
  auto a = ready_when(kid(t, "a"), probe.when());
  a.ready_within = 7s;
  nursery n{t, {a}};
  n.up("a");
  probe.say(t, refused);
  t.advance(10ms);
  probe.say(t, failure{errc::request_failed, {stage::ready, 0, "not ours"}});
  t.advance(7s);
  auto seen = n.events();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1]
        == "a#1 start_failed: deadline_passed at ready: it was not ready "
           "within 7000 ms: request_failed at ready: not ours");
  n.down("a", by_signal(15));
}

TEST_CASE("a child that ends before it is ready has failed to start",
          "[supervision]") {
  theatre t;
  auto status = GENERATE(exit_code(0), exit_code(3));
  auto a = ready_when(kid(t, "a", restart_kind::transient),
                      ready_output{"ready"});
  nursery n{t, {a}};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  n.up("a");
  n.of("a").out("read");
  n.down("a", status);
  CHECK(up.is(errc::child_failed));
  CHECK(contains(detail_of(up.error()).text, to_string(status)));
  CHECK(n.events()
        == lines{"a#1 started",
                 "a#1 start_failed: child_failed at ready: it ended before it "
                 "was ready: "
                   + to_string(status),
                 "a#1 exited: " + to_string(status),
                 "gave_up: child_failed at ready: child 'a' did not come up: "
                 "it ended before it was ready: "
                   + to_string(status),
                 "ended: child_failed at ready: child 'a' did not come up: it "
                 "ended before it was ready: "
                   + to_string(status),
                 "down: child_failed at ready: child 'a' did not come up: it "
                 "ended before it was ready: "
                   + to_string(status)});
}

TEST_CASE("a session that somebody takes away is a failure of its child",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  n.obey();
  caf::anon_send_exit(n.find("a").session, caf::exit_reason::kill);
  t.run();
  CHECK(t.child(0).destroyed());
  CHECK(n.states() == lines{"a backing_off"});
}

TEST_CASE("a session that is closed can be read though its child goes on",
          "[supervision]") {
  theatre t;
  nursery n{t, {eager(t, "a")}};
  n.obey();
  auto first = n.find("a").session;
  n.of("a").out("last words");
  t.run();
  n.down("a", exit_code(1));
  n.obey();
  auto words = n.asker.ask<page>(first, read_atom_v, cursor{},
                                 std::uint64_t{100}, caf::timespan{0});
  CHECK(words.value().outputs.at(0).bytes.text() == "last words");
}

// -- children that are not sessions
// --------------------------------------------

TEST_CASE("any actor can be a child", "[supervision]") {
  theatre t;
  auto makes = 0;
  caf::actor made;
  auto make = [&](caf::actor_system& sys) -> caf::expected<caf::actor> {
    ++makes;
    made = sys.spawn([](caf::event_based_actor* self) {
      self->set_exit_handler([=](caf::exit_msg&) {
        // It ends on its own.
      });
      return caf::behavior{
        [=](wait_atom) {}, [=](terminate_atom) { self->quit(); },
        [=](signal_atom) { self->quit(caf::exit_reason::unknown); }};
    });
    return made;
  };
  auto plain = actor_child("a", make);
  plain.pause.first = 0s;
  plain.restart = restart_kind::transient;
  nursery n{t, {plain}};
  CHECK(n.find("a").actor == made);
  CHECK(n.states() == lines{"a running"});

  SECTION("its end for a bad reason is a failure") {
    caf::anon_send(made, signal_atom_v);
    t.run();
    CHECK(makes == 2);
    CHECK(n.states() == lines{"a running"});
  }
  SECTION("its end for no bad reason is not") {
    caf::anon_send(made, terminate_atom_v);
    t.run();
    CHECK(n.states() == lines{"a succeeded"});
  }
  SECTION("if it does not end it is killed after its grace") {
    auto stopped = n.stop("a");
    t.advance(5s - 1ms);
    CHECK(stopped.pending());
    t.advance(1ms);
    stopped.value();
    CHECK(n.states() == lines{"a stopped"});
  }
  SECTION("it goes with a supervisor that is killed") {
    caf::anon_send_exit(n.hdl, caf::exit_reason::kill);
    t.run();
    CHECK(n.events().back() == "down: kill");
  }
  made = nullptr;
}

TEST_CASE("a function that returns no actor fails the start", "[supervision]") {
  theatre t;
  auto how = GENERATE(0, 1, 2, 3);
  auto make = [=](caf::actor_system&) -> caf::expected<caf::actor> {
    if (how == 0)
      return make_error(errc::not_permitted, stage::logon, "not you");
    if (how == 1)
      throw std::runtime_error{"not you"};
    if (how == 2)
      throw 42;
    return caf::actor{};
  };
  nursery n{t, {kid(t, "first")}};
  n.up("first");
  auto added = n.add(actor_child("a", make));
  CHECK(added.is(how == 0 ? errc::not_permitted : errc::child_failed));
  CHECK(n.states() == lines{"first running"});
}

TEST_CASE("a supervisor is a child that is ready when its own are",
          "[supervision]") {
  theatre t;
  auto slow = kid(t, "b");
  slow.ready_within = max_timespan;
  nursery n{t, {supervisor_child("inner", {kid(t, "a"), slow}), kid(t, "c")}};
  n.up("a");
  t.advance(1h);
  CHECK(n.states() == lines{"inner starting", "c waiting"});
  n.up("b");
  CHECK(n.states() == lines{"inner running", "c starting"});
  n.up("c");
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  n.down("c");
  CHECK(n.count("b", "terminate") == 1);
  CHECK(n.count("a", "terminate") == 0);
  n.down("b");
  n.down("a");
  over.value();
}

TEST_CASE("a nested supervisor that gives up is a failure above",
          "[supervision]") {
  theatre t;
  supervisor_options once;
  once.intensity = {1, 10s};
  auto inner = supervisor_child("inner", {eager(t, "a"), eager(t, "b")}, once);
  inner.pause.first = 0s;
  nursery n{t, {inner}, once};
  n.obey();
  for (auto round = 0; round < 2; ++round) {
    n.down("a", exit_code(1));
    n.obey();
    CHECK(n.states() == lines{"inner running"});
    n.down("a", exit_code(1));
    n.obey();
    if (round == 0)
      CHECK(n.states() == lines{"inner running"});
  }
  auto last = n.events().back();
  CHECK(contains(last, "down: restart_limit at supervise: child 'inner'"));
  CHECK(contains(last, "child 'a'"));
}

TEST_CASE("a nested supervisor that does not come up names its child",
          "[supervision]") {
  theatre t;
  nursery n{t, {supervisor_child("inner", {kid(t, "a")})}};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  n.of("a").start_failed(errc::program_not_found, stage::resolve, "no a");
  t.run();
  CHECK(up.is(errc::program_not_found));
  CHECK(contains(detail_of(up.error()).text, "child 'inner' did not come up"));
  CHECK(contains(detail_of(up.error()).text, "child 'a' did not come up"));
}

TEST_CASE("a nested supervisor goes with the one above, however that ends",
          "[supervision]") {
  theatre t;
  nursery n{t, {supervisor_child("inner", {kid(t, "a")})}};
  n.obey();
  caf::anon_send_exit(n.hdl, caf::exit_reason::kill);
  t.run();
  CHECK(n.count("a", "kill") == 1);
  n.down("a", by_signal(9));
  CHECK(t.child().destroyed());
}
