#include "../world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

/// A descendant in a session of its own, outside of the process group, that
/// prints its pid.
const auto detached = std::string{
  "setsid sh -c 'echo $$; exec sleep 1000' </dev/null "};

} // namespace

TEST_CASE("terminate ends a sleeper and tells that it was asked for",
          "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(program("sleep", {"1000"}));
  listener events{w, hdl};
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->cause == exit_cause::signaled);
  CHECK(status->signal == 15);
  CHECK(status->by_request);
  check_kept(w, hdl, events, *status);
}

TEST_CASE("a stopped process ends when it is asked to", "[ending][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap 'exit 3' TERM; echo ready; "
                           "while :; do sleep 0.05; done"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::stop));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->code == 3);
}

TEST_CASE("the time-out of a command also ends processes that left its session",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell(detached + "& wait; sleep 1000");
  spec.limits.timeout = 500ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.status->timed_out);
  CHECK_FALSE(events.status->by_request);
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("a grandchild in its own session does not outlive terminate",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto hdl = w.spawn(shell(detached + "& wait; sleep 1000", {kind, {}}));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto grandchild = std::stoll(events.out);
  CHECK(process_lives(grandchild));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v));
  REQUIRE(events.until_closed());
  CHECK(process_gone(grandchild));
}

TEST_CASE("a printing grandchild falls silent with terminate",
          "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("setsid sh -c 'while :; do echo x; done' & wait"));
  listener events{w, hdl};
  REQUIRE(events.until_output("x"));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.quiet_for(200ms));
}

TEST_CASE(
  "a descendant that holds the output and left the session does not keep it",
  "[ending][containment]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  // A terminal hangs up on its group when the leader ends, hence the setsid.
  auto spec = shell(detached
                      + "& until ps -o sid= -p $! | grep -q $!; do :; "
                        "done; sleep 0.1; exit 4",
                    {kind, {}});
  spec.kill.drain_timeout = 300ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 4);
  CHECK(events.end->why == close_reason::drain_deadline);
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("terminate is prompt while output and input are stuck", "[ending]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto spec = shell("stty raw 2>/dev/null; echo ready; exec cat /dev/zero",
                    {kind, {}});
  // Otherwise the first line may be evicted before the listener subscribes.
  spec.unsubscribed = unsubscribed_policy::pause;
  auto hdl = w.spawn(spec);
  listener events{w, hdl, {{}, 4096, delivery::lossless}};
  events.acknowledging = false;
  REQUIRE(events.until_output("ready"));
  caf::anon_send(hdl, write_atom_v, shared_bytes{std::string(1 << 20, 'x')});
  auto before = std::chrono::steady_clock::now();
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v));
  CHECK(std::chrono::steady_clock::now() - before < 4s);
  events.acknowledging = true;
  events.acknowledge();
  REQUIRE(events.until_closed());
}
