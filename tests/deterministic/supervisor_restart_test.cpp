// Too many restarts, pauses between them, and requests meanwhile.
#include "nursery.hpp"

using namespace procession;
using namespace procession::test;

namespace {

supervisor_options
at_most(std::uint32_t restarts, caf::timespan period,
        restart_strategy strategy = restart_strategy::one_for_one) {
  supervisor_options result;
  result.strategy = strategy;
  result.intensity = {restarts, period};
  return result;
}

} // namespace

TEST_CASE("restarts up to the intensity are fine, one more ends the supervisor",
          "[supervision]") {
  theatre t;
  auto strategy = GENERATE(restart_strategy::one_for_one,
                           restart_strategy::one_for_all,
                           restart_strategy::rest_for_one);
  nursery n{t, {eager(t, "a"), eager(t, "b")}, at_most(2, 10s, strategy)};
  n.obey();
  for (auto i = 0; i < 2; ++i) {
    n.down("b", exit_code(1));
    n.obey();
    CHECK(n.states() == lines{"a running", "b running"});
  }
  n.events();
  auto up = n.asker.post<child_info>(n.hdl, restart_atom_v, std::string{"a"});
  t.run();
  n.obey();
  up.value();
  n.events();
  n.down("b", exit_code(1));
  auto seen = n.events();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == "b#3 exited: exit code 1");
  CHECK(contains(seen[1], "gave_up: restart_limit at supervise: child 'b'"));
  CHECK(seen[2] == "a#" + std::to_string(n.find("a").starts) + " stopping");
  n.down("a");
  CHECK(contains(n.events().back(), "down: restart_limit at supervise"));
}

TEST_CASE("the period of restarts slides", "[supervision]") {
  theatre t;
  nursery n{t, {eager(t, "a")}, at_most(1, 10s)};
  n.obey();
  for (auto i = 0; i < 5; ++i) {
    n.down("a", exit_code(1));
    n.obey();
    CHECK(n.states() == lines{"a running"});
    t.advance(10s + 1ns);
  }
  n.down("a", exit_code(1));
  n.obey();
  t.advance(10s);
  n.down("a", exit_code(1));
  CHECK(contains(n.events().back(), "down: restart_limit"));
}

TEST_CASE("restarts of all children count together", "[supervision]") {
  theatre t;
  nursery n{t, {eager(t, "a"), eager(t, "b")}, at_most(1, 10s)};
  n.obey();
  n.down("a", exit_code(1));
  n.obey();
  n.down("b", exit_code(1));
  n.obey();
  CHECK(contains(n.events().back(), "down: restart_limit"));
}

TEST_CASE("each failure in a row doubles the pause, up to its limit",
          "[supervision]") {
  theatre t;
  auto a = kid(t, "a");
  a.pause.limit = 5s;
  nursery n{t, {a}, at_most(100, 1h)};
  n.obey();
  for (auto pause : {1s, 2s, 4s, 5s, 5s}) {
    n.events();
    n.down("a", exit_code(1));
    auto seen = n.events();
    REQUIRE(seen.size() == 2);
    CHECK(contains(seen[1],
                   "backing_off for "
                     + std::to_string(caf::timespan{pause}.count() / 1'000'000)
                     + "ms"));
    t.advance(pause - 1ms);
    CHECK(n.states() == lines{"a backing_off"});
    t.advance(1ms);
    CHECK(n.states() == lines{"a starting"});
    n.up("a");
  }

  SECTION("until it was ready for long enough") {
    t.advance(10s);
    n.down("a", exit_code(1));
    CHECK(n.seen.events().back().delay == 1s);
  }
  SECTION("and not a moment less") {
    t.advance(10s - 1ms);
    n.down("a", exit_code(1));
    CHECK(n.seen.events().back().delay == 5s);
  }
}

TEST_CASE("pauses vary by their jitter, and are the same with the same seed",
          "[supervision]") {
  auto pauses = [](std::uint64_t seed) {
    theatre t;
    auto a = kid(t, "a");
    a.pause.factor = 1;
    a.pause.jitter = 0.5;
    auto options = at_most(100, 1h);
    options.seed = seed;
    nursery n{t, {a}, options};
    n.obey();
    std::vector<caf::timespan> result;
    for (auto i = 0; i < 10; ++i) {
      n.down("a", exit_code(1));
      result.push_back(n.seen.events().back().delay);
      CHECK(result.back() >= 500ms);
      CHECK(result.back() <= 1500ms);
      t.advance(result.back());
      n.up("a");
    }
    return result;
  };
  CHECK(pauses(1) == pauses(1));
  CHECK(pauses(1) != pauses(2));
}

TEST_CASE("a group pauses when all of it is down", "[supervision]") {
  theatre t;
  nursery n{t,
            {kid(t, "a"), kid(t, "b")},
            at_most(5, 10s, restart_strategy::one_for_all)};
  n.obey();
  n.events();
  n.down("a", exit_code(1));
  CHECK(n.events() == lines{"a#1 exited: exit code 1", "b#1 stopping"});
  t.advance(1h);
  // Its grace is long over, but the supervisor waits until it has ended.
  n.down("b", by_signal(9));
  CHECK(n.states() == lines{"a waiting", "b waiting"});
  CHECK(n.events().back() == "a#1 backing_off for 1000ms");
  t.advance(1s);
  n.obey();
  CHECK(n.states() == lines{"a running", "b running"});
}

TEST_CASE("a child that does not start at first ends the supervisor",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}};
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  n.up("a");
  n.of("b").start_failed(errc::program_not_found, stage::resolve, "no b");
  t.run();
  CHECK(up.is(errc::program_not_found));
  CHECK(detail_of(up.error()).at == stage::resolve);
  CHECK(detail_of(up.error()).text == "child 'b' did not come up: no b");
  CHECK(n.count("a", "terminate") == 1);
  CHECK(t.children() == 2);
  n.down("a");
  auto seen = n.events();
  CHECK(contains(seen.at(2), "b#1 start_failed: program_not_found at resolve"));
  CHECK(contains(seen.at(3), "gave_up: program_not_found"));
  CHECK(contains(seen.back(), "down: program_not_found at resolve"));
}

TEST_CASE("a restart that does not start is one more failure",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}, at_most(2, 1h)};
  n.obey();
  n.down("a", exit_code(1));
  t.advance(1s);
  n.of("a").start_failed(errc::out_of_processes, stage::fork);
  t.run();
  CHECK(n.states() == lines{"a backing_off"});
  CHECK(contains(n.find("a").last_end, "out_of_processes at fork"));
  CHECK(n.seen.events().back().delay == 2s);
  t.advance(2s);
  n.of("a").start_failed(errc::out_of_processes, stage::fork);
  t.run();
  CHECK(contains(n.events().back(), "down: restart_limit"));
}

// -- requests -----------------------------------------------------------------

TEST_CASE("a child is added after the others, and is there once it is ready",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  auto early = n.add(kid(t, "b"));
  CHECK(t.children() == 1);
  n.up("a");
  CHECK(early.pending());
  n.up("b");
  CHECK(early.value().name == "b");
  CHECK(early.value().state == child_state::running);
  CHECK(early.value().pid == 2);
  CHECK(n.add(kid(t, "a")).is(errc::duplicate_child));
  CHECK(n.add(kid(t, "")).is(errc::invalid_argument));

  SECTION("or not at all") {
    auto bad = n.add(kid(t, "c"));
    n.of("c").start_failed(errc::not_executable, stage::exec);
    t.run();
    CHECK(bad.is(errc::not_executable));
    CHECK(n.states() == lines{"a running", "b running"});
    CHECK(n.events().back() == "c#1 removed");
  }
  SECTION("and is kept from then on") {
    n.down("b", exit_code(1));
    t.advance(1s);
    n.of("b").start_failed(errc::not_executable, stage::exec);
    t.run();
    CHECK(n.states() == lines{"a running", "b backing_off"});
  }
}

TEST_CASE("a supervisor without children is one to add to", "[supervision]") {
  theatre t;
  nursery n{t, {}};
  CHECK(n.asker.ask<child_list>(n.hdl, wait_atom_v).value().empty());
  auto added = n.add(kid(t, "a"));
  n.up("a");
  added.value();
}

TEST_CASE("an invalid child is refused before anything starts",
          "[supervision]") {
  theatre t;
  auto refused = [&](std::vector<child_spec> children,
                     supervisor_options options = {}) {
    auto made = make_supervisor(t.sys, std::move(children), options);
    return made ? caf::error{} : made.error();
  };
  CHECK(is(refused({kid(t, "a"), kid(t, "a")}), errc::duplicate_child));
  auto change = [&](auto f) {
    auto x = kid(t, "a");
    f(x, std::get<session_start>(x.start));
    return refused({x});
  };
  auto bad = errc::invalid_argument;
  CHECK(is(change([](auto& x, auto&) { x.name.clear(); }), bad));
  CHECK(is(change([](auto&, auto& s) { s.where = nullptr; }), bad));
  CHECK(is(change([](auto&, auto& s) { s.what.program.clear(); }), bad));
  CHECK(is(change([](auto&, auto& s) { s.what.id = "mine"; }), bad));
  CHECK(is(change([](auto&, auto& s) { s.ready = ready_output{}; }), bad));
  CHECK(is(change([](auto&, auto& s) {
             s.ready = ready_output{std::string(5000, 'x')};
           }),
           bad));
  CHECK(is(change([](auto&, auto& s) { s.ready = ready_probe{}; }), bad));
  CHECK(is(change([](auto& x, auto&) { x.ready_within = 0s; }), bad));
  CHECK(is(change([](auto& x, auto&) { x.pause.limit = 1ms; }), bad));
  CHECK(is(change([](auto& x, auto&) { x.pause.factor = 0.5; }), bad));
  CHECK(is(change([](auto& x, auto&) { x.pause.jitter = 1.5; }), bad));
  CHECK(is(change([](auto& x, auto&) { x.pause.reset_after = -1s; }), bad));
  CHECK(is(refused({actor_child("a", nullptr)}), bad));
  CHECK(is(refused({}, at_most(1, -1s)), bad));
  supervisor_options forgetful;
  forgetful.retained_events = 0;
  CHECK(is(refused({}, forgetful), bad));
  CHECK(t.children() == 0);
}

TEST_CASE("a child is removed when nothing of it is left", "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  n.obey();
  auto gone = n.remove("a");
  CHECK(gone.pending());
  CHECK(n.remove("c").is(errc::no_such_child));
  CHECK(n.restart("a").is(errc::no_such_child));
  n.down("a");
  gone.value();
  CHECK(n.states() == lines{"b running"});
  CHECK(n.events().back() == "a#1 removed");
  CHECK(n.count("b", "terminate") == 0);

  SECTION("at once while it backs off") {
    n.down("b", exit_code(1));
    n.remove("b").value();
    CHECK(n.states() == lines{});
    t.advance(1h);
    CHECK(t.children() == 2);
  }
}

TEST_CASE("removing a child while it starts does not fail the supervisor",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  auto gone = n.remove("a");
  CHECK(gone.pending());
  n.up("a");
  CHECK(n.count("a", "terminate") == 1);
  n.down("a", by_signal(15));
  gone.value();
  n.up("b");
  CHECK(n.states() == lines{"b running"});
}

TEST_CASE("the outcome of a child that is stopped before it runs is told",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  std::string end = "a#1 start_failed: it was stopped before it ran";

  SECTION("removed") {
    auto gone = n.remove("a");
    t.child().start_failed(errc::program_not_found, stage::exec);
    t.run();
    gone.value();
    CHECK(n.events() == lines{"a#1 stopping", end, "a#1 removed"});
  }
  SECTION("stopped") {
    auto stopped = n.stop("a");
    t.child().start_failed(errc::program_not_found, stage::exec);
    t.run();
    stopped.value();
    CHECK(n.events() == lines{"a#1 stopping", end});
    CHECK(n.states() == lines{"a stopped"});
  }
}

TEST_CASE("a requested restart comes at once and does not count as a failure",
          "[supervision]") {
  theatre t;
  auto strategy = GENERATE(restart_strategy::one_for_one,
                           restart_strategy::one_for_all);
  nursery n{t, {kid(t, "a"), kid(t, "b")}, at_most(0, 1h, strategy)};
  n.obey();
  auto again = n.restart("a");
  CHECK(again.pending());
  n.down("a", by_signal(15));
  CHECK(again.pending());
  n.up("a");
  CHECK(again.value().starts == 2);
  CHECK(n.count("b", "terminate") == 0);
  CHECK(n.states() == lines{"a running", "b running"});
}

TEST_CASE("a restart ends a pause", "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  n.obey();
  n.down("a", exit_code(1));
  CHECK(n.states() == lines{"a backing_off"});
  auto again = n.restart("a");
  n.up("a");
  again.value();
  t.advance(1s);
  CHECK(n.count("a", "start") == 2);
}

TEST_CASE("a child that is stopped stays so until it is started again",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  n.obey();
  auto stopped = n.stop("a");
  CHECK(n.states() == lines{"a stopping"});

  SECTION("which may be asked for later") {
    n.down("a", by_signal(15));
    stopped.value();
    n.stop("a").value();
    t.advance(1h);
    CHECK(n.states() == lines{"a stopped"});
    auto again = n.restart("a");
    n.up("a");
    again.value();
  }
  SECTION("or before it has ended") {
    auto again = n.restart("a");
    n.down("a", by_signal(15));
    stopped.value();
    n.up("a");
    again.value();
  }
  SECTION("and who waits for its start is told") {
    auto again = n.restart("a");
    n.stop("a");
    CHECK(again.is(errc::child_failed));
    n.obey();
    CHECK(n.states() == lines{"a stopped"});
  }
}

TEST_CASE("a child that is stopped while it is added is not there",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  n.up("a");
  auto added = n.add(kid(t, "b"));
  auto stopped = n.stop("b");
  CHECK(added.is(errc::child_failed));
  n.obey();
  stopped.value();
  CHECK(n.states() == lines{"a running"});
}

TEST_CASE("a first start that was asked for may fail without ending it all",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  n.stop("b").value();
  n.up("a");
  auto again = n.restart("b");
  n.of("b").start_failed(errc::not_executable, stage::exec);
  t.run();
  CHECK(again.is(errc::not_executable));
  CHECK(n.states() == lines{"a running", "b backing_off"});
}

TEST_CASE("waits for a supervisor do not pile up", "[supervision][limits]") {
  theatre t;
  nursery n{t, {kid(t, "a")}};
  std::vector<reply<child_list>> up;
  std::vector<reply<child_info>> ready;
  for (auto i = 0; i < 1024; ++i) {
    up.push_back(n.asker.ask<child_list>(n.hdl, wait_atom_v));
    ready.push_back(n.restart("a"));
  }
  CHECK(n.asker.ask<child_list>(n.hdl, wait_atom_v).is(errc::busy));
  CHECK(n.restart("a").is(errc::busy));
  n.obey();
  up.back().value();
  ready.back().value();
  std::vector<reply<caf::unit_t>> down;
  for (auto i = 0; i < 1024; ++i)
    down.push_back(n.stop("a"));
  CHECK(n.stop("a").is(errc::busy));
  std::vector<reply<caf::unit_t>> over;
  for (auto i = 0; i < 1024; ++i)
    over.push_back(n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v));
  CHECK(n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v).is(errc::busy));
  n.obey();
  down.back().value();
  over.back().value();
}

TEST_CASE(
  "a supervisor that ends refuses requests, and answers those that wait",
  "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b"), kid(t, "c")}};
  n.up("a");
  auto up = n.asker.ask<child_list>(n.hdl, wait_atom_v);
  auto again = n.restart("c");
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  CHECK(up.is(errc::supervisor_ended));
  CHECK(again.is(errc::supervisor_ended));
  CHECK(n.add(kid(t, "d")).is(errc::supervisor_ended));
  CHECK(n.restart("a").is(errc::supervisor_ended));
  CHECK(n.remove("a").is(errc::supervisor_ended));
  CHECK(n.states() == lines{"a running", "b stopping", "c stopped"});
  n.obey();
  over.value();
  CHECK(n.count("b", "terminate") == 1);
}

TEST_CASE("a supervisor that ends while a child backs off starts it no more",
          "[supervision]") {
  theatre t;
  nursery n{t, {kid(t, "a"), kid(t, "b")}};
  n.obey();
  n.down("a", exit_code(1));
  auto over = n.asker.ask<caf::unit_t>(n.hdl, stop_atom_v);
  t.advance(1s);
  CHECK(n.count("a", "start") == 1);
  n.obey();
  over.value();
}
