#include "world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <list>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

/// Returns words for a descendant outside of the process group, which prints
/// its number before `more` is done.
std::vector<std::string> with_descendant(std::vector<std::string> more) {
  std::vector<std::string> result{"spawn", "2", "pid", "sleep"};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

/// Returns the number that the descendant printed.
std::int64_t descendant(const listener& events) {
  auto text = without_sequences(events.out);
  auto digits = text.find_first_of("123456789");
  REQUIRE(digits != std::string::npos);
  return std::stoll(text.substr(digits));
}

} // namespace

TEST_CASE("a process that ignores the request to end is killed in the end",
          "[ending]") {
  PROCESSION_NEEDS(ignored_request);
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"stubborn", "out", "ready", "sleep"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{100ms});
  REQUIRE(status);
  CHECK(status->cause == exit_cause::signaled);
  CHECK(status->signal == 9);
  CHECK(status->by_request);
  check_kept(w, hdl, events, *status);
}

TEST_CASE("a process is asked to end before it is killed", "[ending]") {
  PROCESSION_NEEDS(break_event);
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    actor({"terminated", "cleaned\\n", "9", "out", "ready\\n", "sleep"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->code == 9);
  CHECK(status->by_request);
  REQUIRE(events.until_closed());
  CHECK(events.out == "ready\ncleaned\n");
}

TEST_CASE("an interrupt can be caught", "[ending][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    actor({"interrupted", "caught\\n", "7", "out", "ready\\n", "sleep"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto error = w.tell(hdl, signal_atom_v, signal_name::interrupt);
  INFO(describe(error));
  REQUIRE_FALSE(error);
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
  CHECK_FALSE(events.status->by_request);
  CHECK(events.out == "ready\ncaught\n");
}

TEST_CASE("the time-out of a command ends it and its descendants",
          "[ending][containment]") {
  auto spec = actor(with_descendant({"stubborn", "sleep"}));
  // Long enough for both to have started, also on a platform that is imitated.
  spec.limits.timeout = 5s;
  spec.kill.grace = 100ms;
  // On all backends at once, since real time passes.
  std::list<world> worlds;
  std::list<listener> listeners;
  for (auto& where : backends()) {
    worlds.emplace_back(where);
    listeners.emplace_back(worlds.back(), worlds.back().spawn(spec));
  }
  for (auto& events : listeners) {
    REQUIRE(events.until_closed());
    CHECK(events.status->timed_out);
    CHECK_FALSE(events.status->by_request);
    CHECK(process_gone(descendant(events)));
  }
}

TEST_CASE("a grandchild out of the group does not outlive a kill",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto hdl = w.spawn(actor(with_descendant({"sleep"}), {kind, {}}));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto grandchild = descendant(events);
  CHECK(process_lives(grandchild));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan::zero()));
  REQUIRE(events.until_closed());
  CHECK(process_gone(grandchild));
}

TEST_CASE("a terminal's process and its descendants end when asked to",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor(with_descendant({"sleep"}), pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto grandchild = descendant(events);
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->by_request);
  REQUIRE(events.until_closed());
  CHECK(process_gone(grandchild));
}

TEST_CASE("a printing grandchild falls silent with a kill",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor({"spawn", "2", "count", "100000000", "sleep"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("0"));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan::zero()));
  REQUIRE(events.until_closed());
  CHECK(events.quiet_for(200ms));
}

TEST_CASE("a descendant that holds the output does not keep a session open",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor(with_descendant({"sleep", "0.5", "exit", "4"}));
  spec.kill.drain_timeout = 300ms;
  listener events{w, w.spawn(spec)};
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 4);
  CHECK(events.end->why == close_reason::drain_deadline);
  CHECK(process_gone(descendant(events)));
}

TEST_CASE("a descendant that let go of the output ends with its session",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  listener events{w, w.spawn(actor({"mute", "1", "sleep", "exit", "0"}))};
  REQUIRE(events.until_closed());
  CHECK(events.end->why == close_reason::complete);
  CHECK(process_gone(descendant(events)));
}

TEST_CASE("output that comes after the exit is delivered", "[ending][output]") {
  world w{GENERATE(from_range(backends()))};
  listener events{w, w.spawn(actor({"out", "early\\n", "spawn", "4", "sleep",
                                    "0.5", "out", "late\\n"}))};
  REQUIRE(events.until_closed());
  CHECK(events.out == "early\nlate\n");
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("a kill is prompt while output and input are stuck", "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  // It waits for the listener: a flood may be evicted before that subscribes.
  auto hdl = w.spawn(
    actor({"raw", "out", "ready", "line", "flood"}, {kind, {}}));
  listener events{w, hdl, {{}, 4096, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"\n"}));
  REQUIRE(events.until([&] { return events.unacknowledged == 4096; }));
  caf::anon_send(hdl, write_atom_v, shared_bytes{std::string(1 << 20, 'x')});
  auto before = std::chrono::steady_clock::now();
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{100ms}));
  CHECK(std::chrono::steady_clock::now() - before < 4s);
  events.acknowledging = true;
  events.acknowledge();
  REQUIRE(events.until_closed());
}

TEST_CASE("a session whose owner goes ends with it", "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor(with_descendant({"sleep"})));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto leader = w.info(hdl).pid;
  w.owner.reset();
  REQUIRE(events.until_closed());
  CHECK(events.status->by_request);
  CHECK(process_gone(leader));
  CHECK(process_gone(descendant(events)));
}

TEST_CASE("a session that belongs to the spawner alone outlives its starter",
          "[ending][spawner]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = actor({"cat"});
  spec.owner = ownership::spawner;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  w.owner.reset();
  caf::anon_send(hdl, write_atom_v, shared_bytes{"still here"});
  REQUIRE(events.until_output("still here"));
  SECTION("and ends with the spawner") {
    auto pid = std::int64_t{};
    caf::scoped_actor self{w.sys};
    self->request(hdl, patience, info_atom_v)
      .receive([&](session_info& x) { pid = x.pid; },
               [&](caf::error& x) { FAIL(describe(x)); });
    w.where = nullptr;
    CHECK(process_gone(pid));
  }
}

TEST_CASE("an actor that is killed leaves no process", "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(actor(with_descendant({"sleep"})));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto leader = w.info(hdl).pid;
  auto reason = GENERATE(caf::exit_reason::kill,
                         caf::exit_reason::user_shutdown);
  caf::anon_send_exit(hdl, reason);
  CHECK(process_gone(leader));
  CHECK(process_gone(descendant(events)));
}

TEST_CASE("a child that closes its output but lives on is still running",
          "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    actor({"out", "last", "close", "1", "close", "2", "line", "exit", "5"}));
  listener events{w, hdl};
  REQUIRE(events.until_output("last"));
  CHECK(events.quiet_for(200ms));
  CHECK(w.info(hdl).state == session_state::running);
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"go\n"}));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 5);
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("a kill reaches one session, and not those that start afterwards",
          "[ending]") {
  world w{GENERATE(from_range(backends()))};
  for (auto i = 0; i < 5; ++i) {
    auto hdl = w.spawn(actor({"sleep"}));
    auto status = w.ask<exit_status>(hdl, terminate_atom_v,
                                     caf::timespan::zero());
    REQUIRE(status);
    CHECK(status->signal == 9);
    CHECK(success(w.run(actor({})).status));
    CHECK(success(w.run(actor({})).status));
  }
}
