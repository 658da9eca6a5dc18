#include "theatre.hpp"

#include "procession/actors/common/waiters.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("an ordinary end closes the process, its output and the session",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  t.child().out("abc");
  t.child().both_ended();
  t.run();
  CHECK(waiting.pending());
  CHECK(t.child().take_calls() == lines{});
  t.child().exited(exit_code(3));
  t.run();
  CHECK(waiting.value().code == 3);
  CHECK(t.child().take_calls() == lines{});
  CHECK(owner.take_events() == lines{"1 out@0 abc", "2 exited exit code 3"});
  CHECK(owner.info(hdl).state == session_state::exited);
  t.child().finished();
  t.run();
  CHECK(owner.take_events() == lines{"3 closed complete"});
  CHECK(t.child().destroyed());
  auto info = owner.info(hdl);
  CHECK(info.state == session_state::closed);
  CHECK(info.complete);
  CHECK(info.status == exit_code(3));
  CHECK(owner.ask<exit_status>(hdl, wait_atom_v).value() == exit_code(3));
}

TEST_CASE("the exit comes before the last output, which is not lost",
          "[ending][output]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  t.child().exited();
  t.child().out("late");
  t.child().ended(stream_kind::out);
  t.child().err("later");
  t.run();
  CHECK(t.child().take_calls() == lines{});
  t.child().ended(stream_kind::err);
  t.run();
  CHECK(t.child().take_calls() == lines{});
  t.child().finished();
  t.run();
  CHECK(owner.take_events()
        == lines{"1 exited exit code 0", "2 out@0 late", "3 err@0 later",
                 "4 closed complete"});
}

TEST_CASE("a terminal has one stream, and its end is enough", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(cat_on_terminal());
  owner.subscribe(hdl);
  t.child().exited();
  t.child().ended(stream_kind::out);
  t.run();
  CHECK(t.child().take_calls() == lines{});
  t.child().finished();
  t.run();
  CHECK(owner.take_events()
        == lines{"1 exited exit code 0", "2 closed complete"});
}

TEST_CASE("output after the exit is taken until the drain deadline",
          "[ending][output]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.drain_timeout = 2s;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl);
  t.child().exited();
  t.run();
  t.advance(1s);
  t.child().out("in time");
  t.run();
  t.advance(999ms);
  CHECK(t.child().take_calls() == lines{});
  t.advance(1ms);
  CHECK(t.child().take_calls() == lines{"finish"});
  t.child().finished();
  t.child().out("too late");
  t.run();
  CHECK(owner.take_events()
        == lines{"1 exited exit code 0", "2 out@0 in time",
                 "3 closed drain_deadline"});
  CHECK_FALSE(owner.info(hdl).complete);
}

TEST_CASE("a drain deadline of zero closes without waiting", "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.drain_timeout = 0s;
  owner.spawn(spec);
  t.child().exited();
  t.run();
  t.advance(0s);
  CHECK(t.child().take_calls() == lines{"finish"});
}

TEST_CASE("the end of the output after the drain deadline changes nothing",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().exited();
  t.run();
  t.advance(cat().kill.drain_timeout);
  t.child().both_ended();
  t.run();
  CHECK(t.child().count("finish") == 1);
  t.child().finished();
  t.run();
  CHECK(owner.info(hdl).state == session_state::closed);
}

TEST_CASE("the drain deadline stands still while reading is held back",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.drain_timeout = 2s;
  auto hdl = owner.spawn(spec);
  subscription terms;
  terms.window = 4;
  owner.subscribe(hdl, terms);

  SECTION("from the exit on") {
    t.child().out("abcdef");
    t.child().exited();
    t.run();
    CHECK(owner.info(hdl).paused);
    t.advance(1h);
    CHECK(t.child().take_calls() == lines{});
    owner.ack(hdl, 4);
    t.advance(1999ms);
    CHECK(t.child().take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"finish"});
  }
  SECTION("in the middle of it") {
    t.child().exited();
    t.run();
    t.advance(1500ms);
    t.child().out("abcdef");
    t.run();
    t.advance(1h);
    CHECK(t.child().take_calls() == lines{});
    owner.ack(hdl, 4);
    t.advance(499ms);
    CHECK(t.child().take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"finish"});
  }
  SECTION("and runs on when that subscriber dies") {
    peer slow{t};
    slow.subscribe(hdl, terms);
    owner.ack(hdl, 4);
    t.child().exited();
    t.child().out("abcd");
    t.child().out("efgh");
    t.run();
    owner.ack(hdl, 4);
    t.advance(1h);
    CHECK(t.child().take_calls() == lines{});
    slow.die();
    owner.ack(hdl, 4);
    t.advance(2s);
    CHECK(t.child().take_calls() == lines{"finish"});
  }
}

TEST_CASE("a subscriber with a full window gets the rest before closed",
          "[ending][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  subscription terms;
  terms.window = 4;
  owner.subscribe(hdl, terms);
  t.child().out("abcdef");
  t.child().both_ended();
  t.child().exited();
  t.run();
  t.child().finished();
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abcd", "2 exited exit code 0"});
  CHECK(owner.info(hdl).state == session_state::closed);
  owner.ack(hdl, 1);
  owner.ack(hdl, 1);
  CHECK(owner.take_events()
        == lines{"3 out@4 e", "4 out@5 f", "5 closed complete"});
  CHECK(owner.info(hdl).subscribers == 0);
}

TEST_CASE("a child that is lost ends its session", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  auto ending = owner.ask<exit_status>(hdl, terminate_atom_v);
  auto reading = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{9},
                                 caf::timespan{1h});
  t.child().finished();
  t.run();
  CHECK(waiting.value().cause == exit_cause::runner_lost);
  CHECK(ending.value().cause == exit_cause::runner_lost);
  CHECK(reading.value().state == session_state::closed);
  CHECK(owner.take_events()
        == lines{"1 exited runner lost, by request", "2 closed host_lost"});
  CHECK(shell_code(owner.info(hdl).status) == 125);
}

TEST_CASE("a closed session answers until its retention is over", "[session]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.retention = 30s;
  auto hdl = owner.spawn(spec);
  t.child().out("abc");
  t.child().both_ended();
  t.child().exited();
  t.child().finished();
  t.run();
  t.advance(29999ms);
  auto read = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{9},
                              caf::timespan{1h});
  REQUIRE(read.value().outputs.size() == 1);
  CHECK(read.value().outputs[0].bytes.text() == "abc");
  CHECK(read.value().complete);
  t.advance(1ms);
  CHECK(owner.ask<session_info>(hdl, info_atom_v).error());
}

TEST_CASE("requests that come too late say so", "[session]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn(cat_on_terminal());
  auto resized = owner.tell(hdl, resize_atom_v, terminal_size{});
  auto signalled = owner.tell(hdl, signal_atom_v, signal_name::stop);
  CHECK(resized.pending());
  t.child().exited();
  t.run();
  CHECK(resized.is(errc::already_exited));
  CHECK(signalled.is(errc::already_exited));
  for (auto closed : {false, true}) {
    CAPTURE(closed);
    if (closed) {
      t.child().ended(stream_kind::out);
      t.child().finished();
      t.run();
    }
    CHECK(owner.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x"})
            .is(errc::already_exited));
    CHECK(
      owner.tell(hdl, resize_atom_v, terminal_size{}).is(errc::already_exited));
    CHECK(owner.tell(hdl, signal_atom_v, signal_name::kill)
            .is(errc::already_exited));
    CHECK(owner.tell(hdl, close_stdin_atom_v).error() == caf::none);
  }
}

TEST_CASE("waits for a state, or for readiness, are limited",
          "[session][limits]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.notification_fd = 3;
  auto hdl = owner.spawn(spec);
  std::vector<reply<session_info>> states;
  std::vector<reply<caf::unit_t>> notified;
  for (std::size_t i = 0; i < max_waiting; ++i) {
    states.push_back(
      owner.ask<session_info>(hdl, wait_atom_v, session_state::exited));
    notified.push_back(owner.tell(hdl, ready_atom_v));
  }
  CHECK(owner.ask<session_info>(hdl, wait_atom_v, session_state::closed)
          .is(errc::busy));
  CHECK(owner.tell(hdl, ready_atom_v).is(errc::busy));
  t.child().notified();
  t.child().exited();
  t.run();
  states.back().value();
  notified.back().value();
  owner.tell(hdl, ready_atom_v).value();
}

TEST_CASE("waits for the exit are limited", "[session][limits]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  std::vector<reply<exit_status>> waiting;
  std::vector<reply<exit_status>> ending;
  std::vector<reply<caf::unit_t>> asking;
  for (std::size_t i = 0; i < max_waiting; ++i) {
    waiting.push_back(owner.ask<exit_status>(hdl, wait_atom_v));
    ending.push_back(owner.ask<exit_status>(hdl, terminate_atom_v));
    asking.push_back(owner.tell(hdl, signal_atom_v, signal_name::hangup));
  }
  CHECK(owner.ask<exit_status>(hdl, wait_atom_v).is(errc::busy));
  CHECK(owner.ask<exit_status>(hdl, terminate_atom_v).is(errc::busy));
  CHECK(owner.tell(hdl, signal_atom_v, signal_name::hangup).is(errc::busy));
  t.child().exited();
  t.run();
  waiting.back().value();
  ending.back().value();
  CHECK(asking.back().is(errc::already_exited));
}

TEST_CASE("a wait that is over makes room for another", "[session][limits]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  for (std::size_t i = 0; i < 2 * max_waiting; ++i) {
    peer other{t};
    CHECK(other.ask<exit_status>(hdl, wait_atom_v).pending());
    CHECK(other.ask<session_info>(hdl, wait_atom_v, session_state::closed)
            .pending());
  }
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  t.child().exited();
  t.run();
  waiting.value();
}

TEST_CASE("a wait for a state is answered once it has come", "[session]") {
  theatre t;
  peer owner{t};
  auto starting = owner.begin();
  auto hdl = owner.ask<session>(t.where, find_atom_v, session_id{"s1"}).value();
  auto wait_for = [&](session_state state) {
    return owner.ask<session_info>(hdl, wait_atom_v, state);
  };
  CHECK(wait_for(session_state::starting).value().pid == 0);
  auto running = wait_for(session_state::running);
  auto exited = wait_for(session_state::exited);
  auto closed = wait_for(session_state::closed);
  CHECK(running.pending());

  SECTION("in an ordinary life") {
    t.child().started(42);
    t.run();
    CHECK(running.value().pid == 42);
    CHECK(exited.pending());
    t.child().exited(exit_code(3));
    t.run();
    CHECK(exited.value().status.code == 3);
    CHECK(closed.pending());
    t.child().both_ended();
    t.child().finished();
    t.run();
    CHECK(closed.value().state == session_state::closed);
    CHECK(closed.value().complete);
    CHECK(wait_for(session_state::running).value().state
          == session_state::closed);
  }
  SECTION("when it does not start") {
    t.child().start_failed(errc::program_not_found, stage::resolve);
    t.run();
    CHECK(running.value().status.code == 127);
    CHECK_FALSE(exited.value().start_error.empty());
    CHECK(closed.value().state == session_state::closed);
  }
  SECTION("when the session is no more") {
    caf::anon_send_exit(hdl, caf::exit_reason::kill);
    t.run();
    CHECK(running.is(errc::already_exited));
    CHECK(closed.is(errc::already_exited));
  }
}

TEST_CASE("a process that is stopped and goes on says so",
          "[session][signals]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.report_stops = true;
  auto hdl = owner.spawn(spec);
  owner.subscribe(hdl);
  t.child().stopped(19);
  t.run();
  CHECK(owner.info(hdl).stopped == 19);
  t.child().continued();
  t.run();
  CHECK(owner.info(hdl).stopped == 0);
  t.child().stopped(20);
  t.end();
  CHECK(owner.info(hdl).stopped == 0);
  CHECK(owner.take_events()
        == lines{"1 stopped by 19", "2 continued", "3 stopped by 20",
                 "4 exited exit code 0", "5 closed complete"});
}

TEST_CASE("a subscriber that comes later learns that a process is stopped",
          "[session][signals]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.report_stops = true;
  auto hdl = owner.spawn(spec);
  t.child().out("abc");
  t.child().stopped(19);
  t.run();
  owner.subscribe(hdl);
  CHECK(owner.take_events() == lines{"1 out@0 abc", "2 stopped by 19"});
}
