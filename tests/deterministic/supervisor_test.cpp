// Order, restarts and groups.
#include "nursery.hpp"

using namespace procession;
using namespace procession::test;

namespace {

constexpr auto permanent = restart_kind::permanent;
constexpr auto transient = restart_kind::transient;
constexpr auto temporary = restart_kind::temporary;

supervisor_options with(restart_strategy strategy) {
  supervisor_options result;
  result.strategy = strategy;
  return result;
}

const auto one_for_all = with(restart_strategy::one_for_all);
const auto rest_for_one = with(restart_strategy::rest_for_one);

} // namespace

TEST_CASE("children start in order, each when the one before is ready",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  CHECK(n.states() == lines{"a starting", "b waiting", "c waiting"});
  CHECK(t.children() == 1);
  n.up("a");
  CHECK(n.states() == lines{"a running", "b starting", "c waiting"});
  n.up("b");
  CHECK(t.children() == 3);
  CHECK(up.pending());
  n.up("c");
  CHECK(up.value().size() == 3);
  CHECK(n.events()
        == lines{"a#1 started", "a#1 ready", "b#1 started", "b#1 ready",
                 "c#1 started", "c#1 ready"});
  CHECK(n.asker.ask<child_list>(n.hdl, wait_atom_v).value().size() == 3);
}

TEST_CASE("a supervisor that ends stops its children in reverse order",
          "[supervision][ending]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}};
  n.obey();
  n.events();
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  CHECK(n.count("c", "terminate") == 1);
  CHECK(n.count("b", "terminate") == 0);
  n.down("c", by_signal(15));
  CHECK(n.count("b", "terminate") == 1);
  CHECK(n.count("a", "terminate") == 0);
  n.down("b", by_signal(15));
  CHECK(over.pending());
  n.down("a");
  over.value();
  auto all = n.events();
  CHECK(all
        == lines{"c#1 stopping",
                 "c#1 exited: killed by signal 15 (Terminated), by request",
                 "b#1 stopping",
                 "b#1 exited: killed by signal 15 (Terminated), by request",
                 "a#1 stopping", "a#1 exited: exit code 0, by request",
                 "ended: user_shutdown", "down: user_shutdown"});
}

TEST_CASE("an exit message ends a supervisor in order, a normal one does not",
          "[supervision][ending]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  n.obey();
  caf::anon_send_exit(n.hdl, caf::exit_reason::normal);
  t.run();
  CHECK(n.states() == lines{"a running", "b running"});
  caf::anon_send_exit(n.hdl, caf::exit_reason::user_shutdown);
  t.run();
  CHECK(n.states() == lines{"a running", "b stopping"});
  n.obey();
  CHECK(n.events().back() == "down: user_shutdown");
}

TEST_CASE("a child that ignores being asked is killed after its grace",
          "[supervision][ending]") {
  theatre t;
  auto stubborn = kid(t, "stubborn");
  std::get<session_start>(stubborn.start).what.kill.grace = 3s;
  nursery n{t, {kid(t, "a"), stubborn}};
  n.obey();
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  t.advance(2999ms);
  CHECK(n.count("stubborn", "kill") == 0);
  t.advance(1ms);
  CHECK(n.count("stubborn", "kill") == 1);
  CHECK(n.count("a", "terminate") == 0);
  n.down("stubborn", by_signal(9));
  n.down("a");
  over.value();
}

TEST_CASE("a child that even the kernel keeps does not keep the supervisor",
          "[supervision][ending]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  n.obey();
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  // The grace, and then the time that a session waits for a killed process.
  t.advance(5s);
  t.advance(30s);
  CHECK(n.count("a", "terminate") == 1);
  n.down("a");
  over.value();
  CHECK(n.count("b", "kill") > 0);
}

TEST_CASE("a spawner that never answers does not keep the supervisor",
          "[supervision][ending]") {
  theatre t;
  auto mute = t.sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto never = std::make_shared<std::vector<caf::response_promise>>();
    return {[=](spawn_atom, command&, const subscription&) {
      never->push_back(self->make_response_promise());
      return never->back();
    }};
  });
  auto a = kid(t, "a");
  std::get<session_start>(a.start).where = caf::actor_cast<spawner>(mute);
  auto options = one_for_all;
  nursery n{t, {a}, options};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  t.advance(30s);
  CHECK(up.pending());
  // The grace, the drain deadline, and two minutes for slowness.
  t.advance(5s + 2s + 2min);
  CHECK(up.is(errc::deadline_passed));
  caf::anon_send_exit(mute, caf::exit_reason::kill);
  t.run();
}

TEST_CASE("the kind of a child decides whether it is restarted",
          "[supervision]") {
  theatre t;
  auto kind = GENERATE(permanent, transient, temporary);
  auto status = GENERATE(exit_code(0), exit_code(3), by_signal(9));
  CAPTURE(to_string(kind), to_string(status));
  nursery n{t, {eager(t, "other"), eager(t, "a", kind)}};
  n.obey();
  n.events();
  n.down("a", status);
  auto again = kind == permanent || (kind == transient && !success(status));
  auto exited = "a#1 exited: " + to_string(status);
  if (again) {
    CHECK(n.states() == lines{"other running", "a starting"});
    n.up("a");
    CHECK(n.events() == lines{exited, "a#2 started", "a#2 ready"});
  } else if (kind == transient) {
    CHECK(n.states() == lines{"other running", "a succeeded"});
    CHECK(n.events() == lines{exited});
    CHECK(n.find("a").last_end == "exit code 0");
  } else {
    CHECK(n.states() == lines{"other running"});
    CHECK(n.events() == lines{exited, "a#1 removed"});
  }
  CHECK(n.count("other", "start") == 1);
}

TEST_CASE("the child's spec decides what counts as success", "[supervision]") {
  theatre t;
  auto a = eager(t, "a", transient);
  std::get<session_start>(a.start).success = {0, 3};
  nursery n{t, {a}};
  n.obey();

  SECTION("by its code") {
    n.down("a", exit_code(3));
    CHECK(n.states() == lines{"a succeeded"});
  }
  SECTION("but no signal") {
    n.down("a", by_signal(3));
    CHECK(n.states() == lines{"a starting"});
  }
  SECTION("and an end that somebody asked for is one") {
    n.asker.ask<exit_status>(n.find("a").session, terminate_atom_v);
    n.down("a", by_signal(15));
    CHECK(n.states() == lines{"a succeeded"});
  }
}

TEST_CASE("the next start waits for the end of all that was before",
          "[supervision]") {
  theatre t;
  nursery n{t, {eager(t, "a")}};
  n.obey();
  n.of("a").exited(exit_code(1));
  t.run();
  CHECK(n.events().back() == "a#1 exited: exit code 1");
  CHECK(t.children() == 1);
  // A descendant holds the output.
  t.advance(1999ms);
  CHECK(t.children() == 1);
  t.advance(1ms);
  CHECK(t.child(0).count("finish") == 1);
  t.child(0).finished();
  t.run();
  CHECK(t.children() == 2);
}

TEST_CASE("a slow subscriber of a session does not put off its next start",
          "[supervision]") {
  theatre t;
  nursery n{t, {eager(t, "a")}};
  n.obey();
  peer reader{t};
  subscription terms;
  terms.window = 1;
  auto slow = n.find("a").session;
  reader.subscribe(slow, terms);
  n.of("a").out("abc");
  n.of("a").exited(exit_code(1));
  t.run();
  t.advance(7999ms);
  CHECK(t.children() == 1);
  t.advance(1ms);
  CHECK(t.children() == 2);
  // No output is lost by that.
  reader.acknowledge_always();
  reader.ack(slow, 1);
  t.child(0).both_ended();
  t.child(0).finished();
  t.run();
  CHECK(reader.out() == "abc");
  CHECK(reader.done());
}

TEST_CASE("a group is stopped in reverse order and started in order",
          "[supervision]") {
  theatre t;
  auto all = GENERATE(true, false);
  CAPTURE(all);
  nursery n{t,
            {eager(t, "a"), eager(t, "b"), eager(t, "c"), eager(t, "d")},
            all ? one_for_all : rest_for_one};
  n.obey();
  n.events();
  n.down("b", exit_code(1));
  CHECK(n.count("d", "terminate") == 1);
  CHECK(n.count("c", "terminate") == 0);
  n.down("d");
  CHECK(n.count("c", "terminate") == 1);
  CHECK(n.count("a", "terminate") == 0);
  n.down("c");
  CHECK(n.count("a", "terminate") == (all ? 1 : 0));
  if (all)
    n.down("a");
  n.obey();
  auto seen = n.events();
  lines expected{"b#1 exited: exit code 1", "d#1 stopping",
                 "d#1 exited: exit code 0, by request", "c#1 stopping",
                 "c#1 exited: exit code 0, by request"};
  if (all)
    for (auto x : {"a#1 stopping", "a#1 exited: exit code 0, by request",
                   "a#2 started", "a#2 ready"})
      expected.push_back(x);
  for (auto x : {"b#2 started", "b#2 ready", "c#2 started", "c#2 ready",
                 "d#2 started", "d#2 ready"})
    expected.push_back(x);
  CHECK(seen == expected);
}

TEST_CASE("each kind of child keeps its rule in a group", "[supervision]") {
  theatre t;
  auto strategy = GENERATE(restart_strategy::one_for_all,
                           restart_strategy::rest_for_one);
  nursery n{t,
            {eager(t, "first"), eager(t, "done", transient),
             eager(t, "work", transient), eager(t, "once", temporary),
             eager(t, "stopped")},
            with(strategy)};
  n.obey();
  n.down("done");
  n.stop("stopped");
  n.obey();
  CHECK(n.states()
        == lines{"first running", "done succeeded", "work running",
                 "once running", "stopped stopped"});
  n.down("first", exit_code(1));
  n.obey();
  // A child that succeeded runs again for the others; a temporary child is not
  // restarted; a stopped child stays stopped.
  CHECK(n.states()
        == lines{"first running", "done running", "work running",
                 "stopped stopped"});
  CHECK(n.find("done").starts == 2);
  CHECK(n.find("work").starts == 2);
}

TEST_CASE("an end in success of a transient child concerns no sibling",
          "[supervision]") {
  theatre t;
  auto strategy = GENERATE(restart_strategy::one_for_one,
                           restart_strategy::one_for_all,
                           restart_strategy::rest_for_one);
  nursery n{t,
            {eager(t, "a", transient), eager(t, "b", temporary), eager(t, "c")},
            with(strategy)};
  n.obey();
  n.down("a");
  n.down("b", exit_code(1));
  CHECK(n.states() == lines{"a succeeded", "c running"});
  CHECK(n.count("c", "terminate") == 0);
}

TEST_CASE("siblings that fail together are one restart", "[supervision]") {
  theatre t;
  auto options = one_for_all;
  options.intensity = {1, 10s};
  nursery n{t, {eager(t, "a"), eager(t, "b"), eager(t, "c")}, options};
  n.obey();
  n.of("a").both_ended();
  n.of("a").exited(exit_code(1));
  n.of("a").finished();
  n.of("c").both_ended();
  n.of("c").exited(exit_code(1));
  n.of("c").finished();
  t.run();
  n.down("b");
  n.obey();
  CHECK(n.states() == lines{"a running", "b running", "c running"});
}

TEST_CASE("a failure in front of a group that restarts widens the group",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}, rest_for_one};
  n.obey();
  n.events();

  SECTION("while it is stopped") {
    n.down("b", exit_code(1));
    CHECK(n.count("c", "terminate") == 1);
    n.down("a", exit_code(1));
    n.obey();
  }
  SECTION("while it waits") {
    n.down("b", exit_code(1));
    n.obey();
    n.down("a", exit_code(1));
  }
  SECTION("while it is started") {
    n.down("b", exit_code(1));
    n.down("c");
    t.advance(1s);
    CHECK(n.states() == lines{"a running", "b starting", "c waiting"});
    n.down("a", exit_code(1));
    CHECK(n.states() == lines{"a waiting", "b stopping", "c waiting"});
    n.obey();
  }
  CHECK(n.states() == lines{"a waiting", "b waiting", "c waiting"});
  t.advance(1s);
  CHECK(n.states() == lines{"a starting", "b waiting", "c waiting"});
  n.obey();
  CHECK(n.states() == lines{"a running", "b running", "c running"});
}

TEST_CASE("a supervisor can be forgotten before it is up", "[supervision]") {
  theatre t;
  nursery n{t, {supervisor_child("inner", {kid(t, "a"), kid(t, "b")})}};
  n.up("a");
  n.hdl = nullptr;
  t.run();
  CHECK(n.events().back() == "down: unreachable");
  CHECK(n.count("a", "kill") == 1);
  t.child(1).started();
  t.run();
  CHECK(n.count("b", "kill") == 1);
  for (std::size_t i = 0; i < 2; ++i) {
    t.child(i).both_ended();
    t.child(i).exited(by_signal(9));
    t.child(i).finished();
  }
  t.run();
}

TEST_CASE("a supervisor that is killed or forgotten leaves nothing",
          "[supervision][ending]") {
  theatre t;
  {
    nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}};
    n.up("a");
    n.up("b");
    n.events();
    SECTION("killed") {
      caf::anon_send_exit(n.hdl, caf::exit_reason::kill);
    }
    SECTION("with its last handle") {
      n.hdl = nullptr;
    }
    t.run();
    CHECK(n.count("a", "kill") == 1);
    CHECK(n.count("b", "kill") == 1);
    // The child that is about to start is killed once it has started.
    t.child(2).started();
    t.run();
    CHECK(n.count("c", "kill") == 1);
    for (std::size_t i = 0; i < 3; ++i) {
      t.child(i).both_ended();
      t.child(i).exited(by_signal(9));
      t.child(i).finished();
    }
    t.run();
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(t.child(i).destroyed());
  }
}
