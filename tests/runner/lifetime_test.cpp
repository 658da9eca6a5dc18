// How long a runner lives, and what ends with it.
#include "runner_world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <chrono>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

TEST_CASE("a runner that is killed takes every process with it, and its "
          "sessions end at once",
          "[runner][ending]") {
  runner_options options;
  options.restart = false;
  runner_world there{options};
  REQUIRE_FALSE(there.up());
  auto pipe = there.w.spawn(loner());
  auto terminal = there.w.spawn(actor({"sleep"}, pty()));
  listener first{there.w, pipe};
  listener second{there.w, terminal};
  auto [a, b] = numbers(first);
  auto c = there.w.info(terminal).pid;
  auto pid = there.info().pid;
  there.w.self->monitor(there.hdl());
  REQUIRE(kill_process(pid));
  for (auto* events : {&first, &second}) {
    REQUIRE(events->until_closed());
    CHECK(events->status->cause == exit_cause::runner_lost);
    CHECK(events->end->why == close_reason::host_lost);
  }
  for (auto x : {pid, a, b, c})
    CHECK(process_gone(x));
  // Every actor that waits, asks or watches is told.
  CHECK(there.w.ask<exit_status>(pipe, wait_atom_v)->cause
        == exit_cause::runner_lost);
  CHECK(is(there.w.refusal(actor({})), errc::runner_lost));
  there.w.self->receive(
    [&](const caf::down_msg& x) { CHECK(is(x.reason, errc::runner_lost)); });
}

TEST_CASE("a runner ends, with all it runs, when it is asked to",
          "[runner][ending]") {
  runner_world there;
  REQUIRE_FALSE(there.up());
  listener events{there.w, there.w.spawn(loner())};
  auto [a, b] = numbers(events);
  auto pid = there.info().pid;
  auto answered = false;
  there.w.self->request(there.hdl(), patience, stop_atom_v)
    .receive(
      [&](runner_info& x) {
        answered = true;
        CHECK(x.state == runner_state::down);
        CHECK(x.why.detail.text == "the runner was stopped");
      },
      [&](caf::error& x) { FAIL(describe(x)); });
  CHECK(answered);
  for (auto x : {pid, a, b})
    CHECK_FALSE(process_lives(x));
  REQUIRE(events.until_closed());
  CHECK(events.status->cause == exit_cause::runner_lost);
}

TEST_CASE("a runner ends with the last actor that could use it",
          "[runner][ending]") {
  auto pid = std::int64_t{0};
  auto far = std::int64_t{0};
  SECTION("which is its spawner") {
    runner_world there;
    REQUIRE_FALSE(there.up());
    pid = there.info().pid;
    there.forget_runner();
    listener events{there.w, there.w.spawn(loner())};
    far = numbers(events).second;
    CHECK(process_lives(pid));
    caf::anon_send_exit(there.w.where, caf::exit_reason::user_shutdown);
    there.w.where = nullptr;
    CHECK(process_gone(pid));
    CHECK(process_gone(far));
  }
  SECTION("which is its actor") {
    runner_world there;
    REQUIRE_FALSE(there.up());
    pid = there.info().pid;
    listener events{there.w, there.w.spawn(loner())};
    far = numbers(events).second;
    caf::anon_send_exit(there.hdl(), caf::exit_reason::kill);
    REQUIRE(events.until_closed());
    CHECK(process_gone(pid));
    CHECK(process_gone(far));
  }
  SECTION("which is the runtime") {
    {
      runner_world there;
      listener events{there.w, there.w.spawn(loner())};
      far = numbers(events).second;
      pid = there.info().pid;
    }
    CHECK_FALSE(process_lives(pid));
    CHECK_FALSE(process_lives(far));
  }
}

TEST_CASE("a runner whose parent is silent for a while goes on",
          "[runner][ending]") {
  // As if the parent were stopped: it neither reads nor pings.
  runner_options options;
  options.ping_interval = std::chrono::hours{1};
  runner_world there{options};
  auto hdl = there.w.spawn(actor({"cat"}));
  listener events{there.w, hdl};
  REQUIRE(events.until([&] { return events.begin.has_value(); }));
  CHECK(events.quiet_for(300ms));
  REQUIRE(there.w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x\n"}));
  CHECK(events.until_output("x"));
}
