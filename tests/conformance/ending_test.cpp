#include "world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

/// A descendant in a session of its own, out of reach of the process group; it
/// tells its pid on standard output.
const auto detached = std::string{
  "setsid sh -c 'echo $$; exec sleep 1000' </dev/null "};

} // namespace

TEST_CASE("terminate ends a sleeper and tells that it was asked for") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(program("sleep", {"1000"}));
  listener events{w, hdl};
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->cause == exit_cause::signaled);
  CHECK(status->signal == 15);
  CHECK(status->by_request);
  REQUIRE(events.until_closed());
  CHECK(*events.status == *status);
  // Known for ever after, whoever asks.
  CHECK(*w.ask<exit_status>(hdl, wait_atom_v) == *status);
  CHECK(*w.ask<exit_status>(hdl, terminate_atom_v) == *status);
  CHECK(is(w.tell(hdl, signal_atom_v, signal_name::interrupt),
           errc::already_exited));
}

TEST_CASE("a process may clean up when it is asked to end") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap 'echo cleaned; exit 9' TERM; echo ready; "
                           "while :; do sleep 0.05; done"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->code == 9);
  REQUIRE(events.until_closed());
  CHECK(events.out == "ready\ncleaned\n");
}

TEST_CASE("a process that ignores the request is killed after the grace") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap '' TERM; echo ready; "
                           "while :; do sleep 1000; done"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto status = w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{100ms});
  REQUIRE(status);
  CHECK(status->signal == 9);
  REQUIRE(events.until_closed());
}

TEST_CASE("a stopped process ends when it is asked to") {
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

TEST_CASE("an interrupt can be caught") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap 'echo caught; exit 7' INT; echo ready; "
                           "while :; do sleep 0.05; done"));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::interrupt));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
  CHECK_FALSE(events.status->by_request);
  CHECK(events.out == "ready\ncaught\n");
}

TEST_CASE("the time-out of a command ends it and its descendants") {
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

TEST_CASE("a grandchild in its own session does not outlive terminate") {
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

TEST_CASE("a printing grandchild falls silent with terminate") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("setsid sh -c 'while :; do echo x; done' & wait"));
  listener events{w, hdl};
  REQUIRE(events.until_output("x"));
  REQUIRE(w.ask<exit_status>(hdl, terminate_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.quiet_for(200ms));
}

TEST_CASE("a descendant that holds the output does not keep a session open") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  // A terminal hangs up on its group when the leader ends, hence the setsid.
  auto spec = shell(detached
                      + "& until ps -o sid= -p $! | grep -q $!; do :; "
                        "done; sleep 0.1; exit 4",
                    {kind, {}});
  spec.kill.drain = 300ms;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 4);
  CHECK_FALSE(events.end->complete);
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("a descendant that let go of the output ends with its session") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("setsid sleep 1000 </dev/null >/dev/null 2>&1 & "
                           "echo $!; exit 0"));
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.end->complete);
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("output that comes after the exit is delivered") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("(sleep 0.3; echo late) & echo early"));
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.out == "early\nlate\n");
  CHECK(events.end->complete);
}

TEST_CASE("terminate is prompt while output and input are stuck") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto hdl = w.spawn(shell("stty raw 2>/dev/null; echo ready; "
                           "exec cat /dev/zero",
                           {kind, {}}));
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

TEST_CASE("a session whose owner goes ends with it") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell(detached + "& wait; sleep 1000"));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto leader = w.info(hdl).pid;
  w.owner.reset();
  REQUIRE(events.until_closed());
  CHECK(events.status->by_request);
  CHECK(process_gone(leader));
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("a session that belongs to the spawner alone outlives who asked") {
  world w{GENERATE(from_range(backends()))};
  auto spec = program("cat");
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
               [&](caf::error& x) { FAIL(w.sys.render(x)); });
    w.where = nullptr;
    CHECK(process_gone(pid));
  }
}

TEST_CASE("an actor that is killed leaves no process") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell(detached + "& wait; sleep 1000");
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto leader = w.info(hdl).pid;
  auto reason = GENERATE(caf::exit_reason::kill,
                         caf::exit_reason::user_shutdown);
  caf::anon_send_exit(hdl, reason);
  CHECK(process_gone(leader));
  CHECK(process_gone(std::stoll(events.out)));
}

TEST_CASE("a child that closes its output but lives on is still running") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("echo last; exec >&- 2>&-; read line; exit 5"));
  listener events{w, hdl};
  REQUIRE(events.until_output("last"));
  CHECK(events.quiet_for(200ms));
  CHECK(w.info(hdl).state == session_state::running);
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"go\n"}));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 5);
  CHECK(events.end->complete);
}

TEST_CASE("a kill reaches one session, none that starts afterwards") {
  world w{GENERATE(from_range(backends()))};
  for (auto i = 0; i < 5; ++i) {
    auto hdl = w.spawn(program("sleep", {"1000"}));
    auto status = w.ask<exit_status>(hdl, terminate_atom_v,
                                     caf::timespan::zero());
    REQUIRE(status);
    CHECK(status->signal == 9);
    CHECK(success(w.run(program("true")).status));
    CHECK(success(w.run(program("true")).status));
  }
}
