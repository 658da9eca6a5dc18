#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("terminate asks, waits for the grace, kills and tells the status",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.grace = 5s;
  auto hdl = owner.spawn(spec);
  auto ended = owner.ask<exit_status>(hdl, terminate_atom_v);
  CHECK(t.child().take_calls() == lines{"terminate"});
  t.advance(4999ms);
  CHECK(t.child().take_calls() == lines{});
  t.advance(1ms);
  CHECK(t.child().take_calls() == lines{"kill"});
  CHECK(ended.pending());
  t.child().exited(by_signal(9));
  t.run();
  CHECK(ended.value().signal == 9);
  CHECK(ended.value().by_request);
  CHECK_FALSE(ended.value().timed_out);
}

TEST_CASE("a process that ends within the grace is not killed", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  auto ended = owner.ask<exit_status>(hdl, terminate_atom_v);
  t.child().both_ended();
  t.child().exited(exit_code(7));
  t.child().finished();
  t.run();
  CHECK(ended.value().code == 7);
  CHECK(waiting.value() == ended.value());
  t.advance(1h);
  CHECK(t.child().take_calls() == lines{"terminate", "destroyed"});
}

TEST_CASE("the grace belongs to the whole tree", "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.grace = 5s;
  spec.kill.drain_timeout = 2s;
  auto hdl = owner.spawn(spec);
  auto ended = owner.ask<exit_status>(hdl, terminate_atom_v);
  CHECK(t.child().take_calls() == lines{"terminate"});
  t.advance(1s);
  SECTION("so what outlives the process has the rest of it") {
    t.child().both_ended();
    t.child().exited(by_signal(15));
    t.run();
    CHECK(ended.value().signal == 15);
    t.advance(3999ms);
    CHECK(t.child().take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"kill"});
  }
  SECTION("and its output is read as long, and until the drain deadline") {
    t.child().exited(by_signal(15));
    t.run();
    t.advance(3999ms);
    CHECK(t.child().take_calls() == lines{});
    t.child().out("shutting down");
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"kill"});
    t.advance(1999ms);
    CHECK(t.child().take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"finish"});
  }
  SECTION("unless somebody has less patience") {
    t.child().exited(by_signal(15));
    t.run();
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0}).value();
    CHECK(t.child().take_calls() == lines{"kill"});
    t.advance(2s);
    CHECK(t.child().take_calls() == lines{"finish"});
  }
  t.child().both_ended();
  t.child().finished({1, 0});
  t.run();
  CHECK(owner.info(hdl).rest == leftovers{1, 0});
}

TEST_CASE("a request to end may name the signal", "[ending][signals]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.ask<exit_status>(hdl, terminate_atom_v, signal_name::hangup,
                         caf::timespan{5s});
  CHECK(t.child().take_calls() == lines{"terminate by hangup"});
  SECTION("and another one is no second signal") {
    owner.ask<exit_status>(hdl, terminate_atom_v);
    CHECK(t.child().take_calls() == lines{});
  }
  t.advance(5s);
  CHECK(t.child().take_calls() == lines{"kill"});
}

TEST_CASE("a request to end by a signal may come before the process runs",
          "[ending][signals]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  auto made = owner.begin(spec);
  auto hdl = owner.ask<session>(t.where, find_atom_v, session_id{"early"});
  owner.ask<exit_status>(hdl.value(), terminate_atom_v, signal_name::hangup,
                         caf::timespan{5s});
  t.child().started();
  t.run();
  CHECK(t.child().take_calls() == lines{"start", "terminate by hangup"});
}

TEST_CASE("a grace of zero kills at once", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0});
  CHECK(t.child().take_calls() == lines{"kill"});
}

TEST_CASE("the earliest of several graces counts", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto first = owner.ask<exit_status>(hdl, terminate_atom_v,
                                      caf::timespan{10s});

  SECTION("when a later one is shorter") {
    t.advance(1s);
    auto second = owner.ask<exit_status>(hdl, terminate_atom_v,
                                         caf::timespan{2s});
    t.advance(1999ms);
    CHECK(t.child().take_calls() == lines{"terminate"});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"kill"});
    t.child().exited(by_signal(9));
    t.run();
    CHECK(first.value() == second.value());
  }
  SECTION("when a later one is longer") {
    t.advance(9s);
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{2s});
    t.advance(999ms);
    CHECK(t.child().take_calls() == lines{"terminate"});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"kill"});
    t.advance(1s);
    CHECK(t.child().take_calls() == lines{});
  }
  SECTION("when the last one is zero") {
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0});
    CHECK(t.child().take_calls() == lines{"terminate", "kill"});
    t.child().exited(by_signal(9));
    t.run();
    t.advance(10s);
    CHECK(t.child().count("kill") == 1);
  }
}

TEST_CASE("terminate after the exit answers at once and ends what is left",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  t.child().exited(exit_code(1));
  t.run();
  CHECK(owner.ask<exit_status>(hdl, terminate_atom_v).value() == exit_code(1));
  CHECK(t.child().take_calls() == lines{"terminate"});
  t.advance(5s);
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().both_ended();
  t.child().finished();
  t.run();
  CHECK(owner.ask<exit_status>(hdl, terminate_atom_v).value() == exit_code(1));
}

TEST_CASE("a process that the kernel keeps is reported after half a minute",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  auto ended = owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0});
  t.advance(29999ms);
  CHECK(ended.pending());
  t.advance(1ms);
  CHECK(ended.is(errc::deadline_passed));
  CHECK(waiting.pending());

  SECTION("and again to who asks again") {
    auto grace = GENERATE(caf::timespan{0}, caf::timespan{1s});
    auto again = owner.ask<exit_status>(hdl, terminate_atom_v, grace);
    t.advance(grace + 30s);
    CHECK(again.is(errc::deadline_passed));
  }
  SECTION("but when it ends it has ended") {
    t.child().exited(by_signal(9));
    t.run();
    CHECK(waiting.value().signal == 9);
    CHECK(owner.ask<exit_status>(hdl, terminate_atom_v).value().signal == 9);
  }
}

TEST_CASE("repeated requests do not put off the others' deadline", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto ended = owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0});
  for (auto i = 0; i < 11; ++i) {
    t.advance(3s);
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{0});
  }
  CHECK(ended.is(errc::deadline_passed));
}

TEST_CASE("the time-out terminates, and the status says so", "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.timeout = 60s;
  spec.kill.grace = 5s;
  auto hdl = owner.spawn(spec);
  t.advance(59999ms);
  CHECK(t.child().take_calls() == lines{});
  t.advance(1ms);
  CHECK(t.child().take_calls() == lines{"terminate"});
  t.advance(5s);
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().exited(by_signal(9));
  t.run();
  auto status = owner.ask<exit_status>(hdl, wait_atom_v).value();
  CHECK(status.timed_out);
  CHECK_FALSE(status.by_request);
  CHECK(status.signal == 9);
}

TEST_CASE("the time-out shortens a longer grace that was given before",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.timeout = 60s;
  spec.kill.grace = 5s;
  auto hdl = owner.spawn(spec);
  auto asked = owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{1h});
  CHECK(t.child().take_calls() == lines{"terminate"});
  t.advance(60s);
  t.advance(4999ms);
  CHECK(t.child().take_calls() == lines{});
  t.advance(1ms);
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().exited(by_signal(9));
  t.run();
  CHECK(asked.value().by_request);
  CHECK_FALSE(asked.value().timed_out);
}

TEST_CASE("a process that ends before its time-out is not touched",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.limits.timeout = 60s;
  auto hdl = owner.spawn(spec);
  t.child().exited();
  t.run();
  t.advance(60s);
  CHECK_FALSE(owner.info(hdl).status.timed_out);
  CHECK(t.child().count("terminate") == 0);
}

TEST_CASE("an owner that goes down takes its session with it", "[ending]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto hdl = owner->spawn();
  other.subscribe(hdl);
  auto waiting = other.ask<exit_status>(hdl, wait_atom_v);
  owner.reset();
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().exited(by_signal(9));
  t.run();
  CHECK(waiting.value().by_request);
  t.child().both_ended();
  t.run();
  t.child().finished();
  t.run();
  CHECK(other.take_events()
        == lines{"1 exited killed by signal 9 (Killed), by request",
                 "2 closed complete"});
  CHECK(t.child().destroyed());
  CHECK(other.ask<session_info>(hdl, info_atom_v).error());
}

TEST_CASE("an owner that goes down takes all its sessions and no other with it",
          "[ending][spawner]") {
  theatre t;
  peer other{t};
  other.spawn(cat());
  {
    peer owner{t};
    for (std::size_t i = 1; i <= 3; ++i) {
      owner.spawn(cat());
    }
    // An owner whose sessions have all ended may own others later.
    for (std::size_t i = 1; i <= 3; ++i) {
      t.end(i);
      t.run();
    }
    for (std::size_t i = 4; i <= 6; ++i) {
      owner.spawn(cat());
    }
    t.end(4);
    t.run();
  }
  t.run();
  CHECK(t.child(0).count("kill") == 0);
  CHECK(t.child(5).count("kill") == 1);
  CHECK(t.child(6).count("kill") == 1);
  t.end(5);
  t.end(6);
  t.run();
}

TEST_CASE("an owner that goes down after the exit kills what is left",
          "[ending]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto hdl = owner->spawn();
  other.subscribe(hdl);
  t.child().exited();
  t.run();
  owner.reset();
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().both_ended();
  t.child().finished();
  t.run();
  CHECK(other.take_events()
        == lines{"1 exited exit code 0", "2 closed complete"});
}

TEST_CASE("a subscriber that takes nothing does not keep what its owner left",
          "[ending]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer slow{t};
  auto spec = cat();
  spec.kill.drain_timeout = 2s;
  auto hdl = owner->spawn(spec);
  subscription terms;
  terms.window = 4;
  slow.subscribe(hdl, terms);
  t.child().out("abcdef");
  t.run();
  CHECK(slow.info(hdl).paused);
  std::string end = "killed by signal 9 (Killed)";

  SECTION("the process lives") {
    end += ", by request";
    owner.reset();
    CHECK(t.child().take_calls() == lines{"kill"});
    t.child().exited(by_signal(9));
    t.run();
  }
  SECTION("the process has ended, and its deadline stood still") {
    t.child().exited(by_signal(9));
    t.run();
    t.advance(1h);
    owner.reset();
    CHECK(t.child().take_calls() == lines{"kill"});
  }
  t.advance(1999ms);
  CHECK(t.child().take_calls() == lines{});
  t.advance(1ms);
  CHECK(t.child().take_calls() == lines{"finish"});
  t.child().finished();
  t.run();
  CHECK(t.child().destroyed());
  slow.ack(hdl, 4);
  CHECK(slow.take_events()
        == lines{"1 out@0 abcd", "2 exited " + end, "3 out@4 ef",
                 "4 closed drain_deadline"});
}

TEST_CASE("a session of the spawner's outlives the actor that asked for it",
          "[ending][spawner]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto spec = cat();
  spec.owner = ownership::spawner;
  auto hdl = owner->spawn(spec);
  owner.reset();
  CHECK(t.child().take_calls() == lines{});
  CHECK(other.info(hdl).state == session_state::running);
}

TEST_CASE("a session goes with its spawner, and every request is answered",
          "[ending][spawner]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  auto starting = owner.begin();
  owner.subscribe(hdl);
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  auto ending = owner.ask<exit_status>(hdl, terminate_atom_v);
  auto written = owner.ask<std::uint64_t>(hdl, write_atom_v,
                                          shared_bytes{"abc"});
  auto reading = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{9},
                                 caf::timespan{1h});
  t.child(0).take_calls();
  caf::anon_send_exit(t.where, caf::exit_reason::user_shutdown);
  t.run();
  CHECK(t.child(0).take_calls() == lines{"kill"});
  SECTION("once its processes have ended") {
    CHECK(owner.take_events() == lines{});
    t.child(0).perish();
    t.run();
    CHECK(owner.take_events()
          == lines{"1 exited killed by signal 9 (Killed), by request",
                   "2 closed complete"});
  }
  SECTION("which may leave some that cannot be killed") {
    t.child(0).both_ended();
    t.child(0).exited(by_signal(9));
    t.child(0).finished({1, 2});
    t.run();
    CHECK(owner.take_events()
          == lines{"1 exited killed by signal 9 (Killed), by request",
                   "2 closed complete, 1 left over ended, 2 could not be "
                   "ended"});
  }
  CHECK(t.child(0).destroyed());
  // A process that was about to start is not waited for.
  CHECK(t.child(1).destroyed());
  CHECK_FALSE(waiting.pending());
  CHECK_FALSE(ending.pending());
  CHECK_FALSE(written.pending());
  CHECK_FALSE(reading.pending());
  CHECK_FALSE(starting.pending());
}

TEST_CASE("a session that is sent an exit ends everything it has", "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  owner.subscribe(hdl);
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  auto reading = owner.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{9},
                                 caf::timespan{1h});

  SECTION("unless the reason is a normal one") {
    caf::anon_send_exit(hdl, caf::exit_reason::normal);
    t.run();
    CHECK(owner.info(hdl).state == session_state::running);
  }
  SECTION("and tells everybody") {
    caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
    t.run();
    CHECK(t.child().take_calls() == lines{"kill"});
    t.child().perish();
    t.run();
    CHECK(t.child().destroyed());
    CHECK(owner.take_events()
          == lines{"1 exited killed by signal 9 (Killed), by request",
                   "2 closed complete"});
    CHECK_FALSE(waiting.pending());
    CHECK_FALSE(reading.pending());
  }
  SECTION("and tells everybody at once when it is killed itself") {
    caf::anon_send_exit(hdl, caf::exit_reason::kill);
    t.run();
    CHECK(t.child().destroyed());
    CHECK(owner.take_events()
          == lines{"1 exited runner lost", "2 closed host_lost"});
    CHECK_FALSE(waiting.pending());
    CHECK_FALSE(reading.pending());
  }
}

TEST_CASE("a subscriber learns what a session that goes still owed it",
          "[ending][subscription]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  subscription terms;
  terms.window = 3;
  owner.subscribe(hdl, terms);
  t.child().out("abcde");
  t.child().err("xyz");
  t.run();
  CHECK(owner.take_events() == lines{"1 out@0 abc"});
  auto reason = GENERATE(caf::exit_reason::user_shutdown,
                         caf::exit_reason::kill);
  caf::anon_send_exit(hdl, reason);
  t.run();
  t.child().perish();
  t.run();
  auto events = owner.take_events();
  REQUIRE(events.size() == 4);
  CHECK(
    events[reason == caf::exit_reason::kill ? 0 : 1]
    == (reason == caf::exit_reason::kill ? "2 gap out 3-5" : "3 gap out 3-5"));
  CHECK(events[3] == "5 closed host_lost");
}

TEST_CASE("an exit sent to a closed session tells those it still owes",
          "[ending]") {
  theatre t;
  peer owner{t};
  auto hdl = owner.spawn();
  subscription terms;
  terms.window = 2;
  owner.subscribe(hdl, terms);
  t.child().out("abcd");
  t.child().both_ended();
  t.child().exited();
  t.child().finished();
  t.run();
  owner.take_events();
  caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
  t.run();
  CHECK(owner.take_events() == lines{"3 gap out 2-4", "4 closed host_lost"});
}

TEST_CASE("a session that is to go waits for no subscriber",
          "[ending][subscription]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.kill.drain_timeout = max_timespan;
  spec.limits.retained = 10;
  auto kind = GENERATE(unsubscribed_policy::retain, unsubscribed_policy::pause);
  spec.unsubscribed = kind;
  auto hdl = owner.spawn(spec);
  if (kind == unsubscribed_policy::retain) {
    subscription terms;
    terms.window = 1;
    owner.subscribe(hdl, terms);
  }
  t.child().out("abcdefghij");
  t.run();
  CHECK(owner.info(hdl).paused);
  caf::anon_send_exit(hdl, caf::exit_reason::user_shutdown);
  t.run();
  // The child may go on to read.
  CHECK(t.child().credit() > 0);
  t.child().out("klmno");
  t.child().both_ended();
  t.child().exited(by_signal(9));
  t.child().finished();
  t.run();
  CHECK(t.child().destroyed());
  if (kind == unsubscribed_policy::retain)
    CHECK(owner.take_events()
          == lines{"1 out@0 a",
                   "2 exited killed by signal 9 (Killed), by request",
                   "3 gap out 1-15", "4 closed host_lost"});
}

TEST_CASE("the last handle to the spawner holds its sessions",
          "[ending][spawner]") {
  theatre t;
  peer owner{t};
  owner.spawn();
  t.where = nullptr;
  t.run();
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().perish();
  t.run();
  CHECK(t.child().destroyed());
}
