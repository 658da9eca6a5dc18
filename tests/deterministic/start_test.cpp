#include "theatre.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("a session answers its asker once the program runs", "[start]") {
  theatre t;
  peer owner{t};
  auto made = owner.begin();
  CHECK(made.pending());
  CHECK(t.child().take_calls() == lines{"start"});
  CHECK(t.child().spec().program == "cat");
  t.child().started(77);
  t.run();
  auto info = owner.info(made.value());
  CHECK(info.state == session_state::running);
  CHECK(info.pid == 77);
  CHECK(info.containment == containment_kind::cgroup);
  CHECK(info.id == t.child().spec().id);
}

TEST_CASE("a session that starts is found and tells its state", "[start]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  owner.begin(spec);
  auto found = owner.ask<session>(t.where, find_atom_v, session_id{"early"});
  auto info = owner.info(found.value());
  CHECK(info.state == session_state::starting);
  CHECK(info.pid == 0);
  CHECK(info.spec == spec);
}

TEST_CASE("a child starts with all the credit a session gives", "[start]") {
  theatre t;
  peer owner{t};
  owner.begin();
  CHECK(t.child().credit() == read_window);
  t.child().started();
  t.run();
  CHECK(t.child().credit() == read_window);
}

TEST_CASE("a failed start is the asker's error", "[start]") {
  theatre t;
  peer owner{t};
  auto made = owner.begin();
  t.child().start_failed(errc::not_executable, stage::exec);
  t.run();
  CHECK(made.is(errc::not_executable));
  CHECK(detail_of(made.error()).at == stage::exec);
  CHECK(t.child().destroyed());
}

TEST_CASE("a failed start has a name, a status and events", "[start]") {
  theatre t;
  peer owner{t};
  peer early{t};
  auto [code, shell] = GENERATE(table<errc, std::uint32_t>({
    {errc::program_not_found, 127},
    {errc::not_executable, 126},
    {errc::cwd_not_found, 126},
    {errc::out_of_processes, 126},
  }));
  auto spec = cat();
  spec.id = "broken";
  owner.begin(spec);
  auto hdl
    = early.ask<session>(t.where, find_atom_v, session_id{"broken"}).value();
  early.subscribe(hdl);
  CHECK(early.take_events() == lines{});
  auto waiting = early.post<exit_status>(hdl, wait_atom_v);
  auto ending = early.post<exit_status>(hdl, terminate_atom_v);
  auto written = early.post<std::uint64_t>(hdl, write_atom_v,
                                           shared_bytes{"abc"});
  auto signalled = early.post<caf::unit_t>(hdl, signal_atom_v,
                                           signal_name::hangup);
  t.run();
  t.child().start_failed(code, stage::exec);
  t.run();
  CHECK(waiting.is(code));
  CHECK(ending.is(code));
  CHECK(written.is(code));
  CHECK(signalled.is(code));
  CHECK(early.take_events()
        == lines{"1 exited did not start", "2 closed complete"});
  auto info = early.info(hdl);
  CHECK(info.state == session_state::closed);
  CHECK(info.pid == 0);
  CHECK(info.status.cause == exit_cause::start_failed);
  CHECK(shell_code(info.status) == shell);
  CHECK(info.start_error.find(to_string(code)) != std::string::npos);

  SECTION("which late comers get as well") {
    peer late{t};
    late.subscribe(hdl);
    CHECK(late.take_events()
          == lines{"1 exited did not start", "2 closed complete"});
    CHECK(late.ask<exit_status>(hdl, wait_atom_v).is(code));
    CHECK(late.ask<exit_status>(hdl, terminate_atom_v).is(code));
  }
}

TEST_CASE("input may come before the program runs", "[start][input]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  owner.begin(spec);
  auto hdl
    = owner.ask<session>(t.where, find_atom_v, session_id{"early"}).value();
  auto written = owner.ask<std::uint64_t>(hdl, write_atom_v,
                                          shared_bytes{"abc"});
  owner.tell(hdl, close_stdin_atom_v);
  CHECK(t.child().take_calls() == lines{"start"});
  CHECK(written.pending());
  t.child().started();
  t.run();
  CHECK(t.child().take_calls() == lines{"write abc", "close_stdin"});
  t.child().stdin_taken(3);
  t.run();
  CHECK(written.value() == 3);
}

TEST_CASE("requests made before the process runs are served once it runs",
          "[start]") {
  theatre t;
  peer owner{t};
  auto spec = cat_on_terminal();
  spec.id = "early";
  owner.begin(spec);
  auto hdl
    = owner.ask<session>(t.where, find_atom_v, session_id{"early"}).value();
  auto resized = owner.tell(hdl, resize_atom_v, terminal_size{30, 100});
  auto signalled = owner.tell(hdl, signal_atom_v, signal_name::interrupt);
  CHECK(t.child().take_calls() == lines{"start"});
  t.child().started();
  t.run();
  CHECK(t.child().take_calls()
        == lines{"resize #1 30x100", "signal #2 interrupt"});
  CHECK(resized.pending());
  t.child().answered(1);
  t.child().refused(2);
  t.run();
  resized.value();
  CHECK(signalled.is(errc::request_failed));
}

TEST_CASE("terminate during the start waits for it and then has its way",
          "[start][ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  auto made = owner.begin(spec);
  auto hdl
    = owner.ask<session>(t.where, find_atom_v, session_id{"early"}).value();

  SECTION("with a grace") {
    auto ended = owner.ask<exit_status>(hdl, terminate_atom_v);
    CHECK(t.child().take_calls() == lines{"start"});
    t.child().started();
    t.run();
    made.value();
    CHECK(t.child().take_calls() == lines{"terminate"});
    t.advance(spec.kill.grace - 1ms);
    CHECK(t.child().take_calls() == lines{});
    t.advance(1ms);
    CHECK(t.child().take_calls() == lines{"kill"});
    t.child().exited(by_signal(9));
    t.run();
    CHECK(ended.value().by_request);
  }
  SECTION("with the shortest of several graces") {
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{3s});
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{1s});
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{2s});
    t.child().started();
    t.run();
    CHECK(t.child().take_calls() == lines{"start", "terminate"});
    t.advance(1s);
    CHECK(t.child().take_calls() == lines{"kill"});
  }
  SECTION("without a grace, whatever was asked after it") {
    auto ended = owner.ask<exit_status>(hdl, terminate_atom_v,
                                        caf::timespan{0});
    owner.ask<exit_status>(hdl, terminate_atom_v, caf::timespan{1s});
    CHECK(t.child().take_calls() == lines{"start"});
    t.child().started();
    t.run();
    CHECK(t.child().take_calls() == lines{"kill"});
    t.child().exited(by_signal(9));
    t.run();
    CHECK(ended.value().signal == 9);
  }
}

TEST_CASE("an owner that goes down during the start ends it all the same",
          "[start][ending]") {
  theatre t;
  auto owner = std::make_unique<peer>(t);
  peer other{t};
  auto spec = cat();
  spec.id = "early";
  owner->begin(spec);
  auto hdl
    = other.ask<session>(t.where, find_atom_v, session_id{"early"}).value();
  other.subscribe(hdl);
  owner.reset();
  CHECK(t.child().take_calls() == lines{"start"});
  t.child().started();
  t.run();
  CHECK(t.child().take_calls() == lines{"kill"});
  t.child().exited(by_signal(9));
  t.child().both_ended();
  t.child().finished();
  t.run();
  CHECK(other.take_events()
        == lines{"1 exited killed by signal 9 (Killed), by request",
                 "2 closed complete"});
}

TEST_CASE("a host that ends during the start is why it failed, for everybody",
          "[start][ending]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.id = "early";
  auto made = owner.begin(spec);
  auto hdl = owner.ask<session>(t.where, find_atom_v, spec.id).value();
  auto waiting = owner.ask<exit_status>(hdl, wait_atom_v);
  t.child().finished();
  t.run();
  CHECK(made.is(errc::runtime_stopped));
  CHECK(waiting.is(errc::runtime_stopped));
  CHECK(owner.ask<exit_status>(hdl, wait_atom_v).is(errc::runtime_stopped));
}

TEST_CASE("a wait for a program's readiness is answered", "[session]") {
  theatre t;
  peer owner{t};
  auto spec = cat();
  spec.notification_fd = 3;
  auto hdl = owner.spawn(spec);
  auto ready = owner.tell(hdl, ready_atom_v);
  CHECK(ready.pending());

  SECTION("when it does, and ever after") {
    t.child().notified();
    t.run();
    ready.value();
    owner.tell(hdl, ready_atom_v).value();
    t.child().exited();
    t.run();
    owner.tell(hdl, ready_atom_v).value();
  }
  SECTION("or that it has ended") {
    t.child().exited();
    t.run();
    CHECK(ready.is(errc::already_exited));
    CHECK(owner.tell(hdl, ready_atom_v).is(errc::already_exited));
  }
  SECTION("or that it never will") {
    auto other = owner.spawn();
    CHECK(owner.tell(other, ready_atom_v).is(errc::invalid_argument));
  }
}
