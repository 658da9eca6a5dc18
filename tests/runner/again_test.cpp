// The runner after one that was killed.
#include "../conformance/exec_world.hpp"
#include "runner_world.hpp"

#include <catch2/catch.hpp>

using namespace procession;
using namespace procession::test;

namespace {

/// Kills the runner and waits until its last session is lost.
/// @returns the former number of its process.
std::int64_t kill_runner(runner_world& there) {
  listener last{there.w, there.w.spawn(loner())};
  auto [a, b] = numbers(last);
  auto pid = there.info().pid;
  REQUIRE(kill_process(pid));
  REQUIRE(last.until_closed());
  CHECK(last.status->cause == exit_cause::runner_lost);
  CHECK(last.end->why == close_reason::host_lost);
  for (auto x : {pid, a, b})
    CHECK(process_gone(x));
  return pid;
}

} // namespace

TEST_CASE("the next session after the loss of a runner lives in another",
          "[runner]") {
  runner_world there;
  REQUIRE_FALSE(there.up());
  auto lost = there.w.spawn(actor({"sleep"}));
  auto first = kill_runner(there);
  CHECK(there.info().state == runner_state::down);
  CHECK(is(there.up(), errc::runner_lost));
  listener events{there.w, there.w.spawn(actor({"out", "again"}))};
  REQUIRE(events.until_closed());
  CHECK(events.out == "again");
  CHECK(events.end->why == close_reason::complete);
  auto now = there.info();
  CHECK(now.state == runner_state::up);
  CHECK(now.pid != first);
  // The lost session stays lost.
  CHECK(there.w.ask<exit_status>(lost, wait_atom_v)->cause
        == exit_cause::runner_lost);
  // The second runner is replaced in its turn.
  auto second = kill_runner(there);
  CHECK(second == now.pid);
  CHECK(there.w.run(actor({"exit", "3"})).status.code == 3);
  // The last one ends as a single one would.
  auto last = there.info().pid;
  there.w.self->request(there.hdl(), patience, stop_atom_v)
    .receive([](runner_info& x) { CHECK(x.state == runner_state::down); },
             [&](caf::error& x) { FAIL(describe(x)); });
  CHECK_FALSE(process_lives(last));
  CHECK(is(there.w.refusal(actor({})), errc::runner_lost));
}

TEST_CASE("a runner that was not found is looked for again", "[runner]") {
  runner_options options;
  options.program = "/nowhere/procession-runner";
  runner_world there{options};
  CHECK(is(there.up(), errc::program_not_found));
  for (auto i = 0; i < 10; ++i)
    CHECK(is(there.w.refusal(actor({})), errc::program_not_found));
}

TEST_CASE("exec: the next command after the loss of a runner runs in another",
          "[runner][exec]") {
  runner_world there;
  REQUIRE_FALSE(there.up());
  auto tool = make_exec_tool(there.w.sys, there.w.where, {});
  auto exec = [&](exec_request request) {
    request.wait.timeout = patience;
    exec_result result;
    there.w.self->request(tool, patience, exec_atom_v, std::move(request))
      .receive([&](exec_result& x) { result = std::move(x); },
               [&](caf::error& x) { FAIL(describe(x)); });
    return result;
  };
  auto request = acted({"out", "up", "sleep"});
  request.wait.until = {"up"};
  auto begun = exec(request);
  REQUIRE(begun.state == session_state::running);
  auto first = kill_runner(there);
  exec_poll again;
  again.id = begun.id;
  there.w.self->request(tool, patience, poll_atom_v, again)
    .receive(
      [](exec_result& x) {
        CHECK(x.state == session_state::closed);
        CHECK(x.status.cause == exit_cause::runner_lost);
      },
      [&](caf::error& x) { FAIL(describe(x)); });
  auto next = exec(acted({"out", "works", "exit", "3"}));
  CHECK(next.state == session_state::closed);
  CHECK(next.head == "works");
  CHECK(next.status.code == 3);
  CHECK(there.info().pid != first);
}
