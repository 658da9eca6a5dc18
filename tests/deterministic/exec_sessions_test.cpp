#include "exec_stage.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE(
  "exec: input is answered with what comes of it, and how much was taken",
  "[exec][input]") {
  exec_stage s;
  auto id = s.running(open_script("cat"));
  auto answer = s.write(text_for(id, "abc\n"));
  CHECK(s.t.child().take_calls() == lines{"write abc\n"});
  s.t.child().stdin_taken(4);
  s.say("abc\n");
  s.t.advance(250ms);
  CHECK(answer.value().sent == 4);
  CHECK(answer.value().written == 4);
  CHECK(answer.value().head == "abc\n");
  CHECK(answer.value().wait == wait_result::timed_out);
  // The child does not read it, and the answer says so.
  answer = s.write(text_for(id, "more"));
  s.t.advance(250ms);
  CHECK(answer.value().sent == 4);
  CHECK(answer.value().written == 0);
}

TEST_CASE("exec: keys count as input that is sent, signals do not",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(open_script("cat"));
  s.t.child().take_calls();
  auto signal = s.write(text_for(id, "\x03"));
  CHECK(s.t.child().take_calls() == lines{"signal #1 interrupt"});
  s.t.child().answered(1);
  s.t.advance(250ms);
  CHECK(signal.value().sent == 0);
  auto input = text_for(id, "ab");
  input.keys = {"enter"};
  auto answer = s.write(input);
  s.t.child().stdin_taken(3);
  s.t.advance(250ms);
  CHECK(answer.value().sent == 3);
  CHECK(answer.value().written == 3);
}

TEST_CASE("exec: keys and the end of the input follow the text",
          "[exec][input]") {
  exec_stage s;
  auto pipes = s.running(open_script("cat"));
  auto terminal = s.running(terminal_of("python3"));
  s.t.child(0).take_calls();
  exec_input x;
  x.text = "a";
  x.keys = {"ctrl-c", "enter"};
  x.close = true;
  x.id = pipes;
  auto answer = s.write(x);
  CHECK(s.t.child(0).take_calls() == lines{"write a"});
  s.t.child(0).stdin_taken(1);
  s.t.run();
  CHECK(s.t.child(0).take_calls() == lines{"signal #1 interrupt", "write \n"});
  s.t.child(0).answered(1);
  s.t.child(0).stdin_taken(1);
  s.t.run();
  CHECK(s.t.child(0).take_calls() == lines{"close_stdin"});
  x.id = terminal;
  auto other = s.write(x);
  s.t.child(1).stdin_taken(3);
  s.t.run();
  CHECK(s.t.child(1).take_calls() == lines{"write a\x03\r", "close_stdin"});
  s.t.advance(1s);
  CHECK(answer.value().wait == wait_result::timed_out);
  CHECK(other.value().wait == wait_result::timed_out);
  CHECK(s.write(text_for(pipes, "b")).is(errc::stdin_closed));
}

TEST_CASE("exec: input that cannot be is refused, and nothing else is lost",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(open_script("cat"));
  CHECK(s.write(text_for("nobody", "x")).is(errc::no_such_session));
  auto odd = text_for(id, "x");
  odd.keys = {"any"};
  CHECK(s.write(odd).is(errc::invalid_argument));
  CHECK(s.t.child().take_calls() == lines{});
  s.say("kept");
  auto waiting = s.write(text_for(id, "never read"));
  s.t.advance(250ms);
  CHECK(waiting.value().head == "kept");
  s.say("this too");
  CHECK(
    s.write(text_for(id, std::string(1024 * 1024, 'x'))).is(errc::stdin_full));
  s.t.child().stdin_broken();
  s.t.run();
  CHECK(s.write(text_for(id, "x")).is(errc::stdin_closed));
  s.end();
  CHECK(s.write(text_for(id, "x")).is(errc::already_exited));
  CHECK(s.poll(id).value().head == "this too");
}

TEST_CASE("exec: input larger than the queue goes in as the child takes it",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(open_script("cat > f"));
  s.t.child().take_calls();
  std::string text(1'500'000, 'x');
  auto input = text_for(id, text);
  input.close = true;
  auto answer = s.write(input);
  s.t.advance(250ms);
  CHECK(answer.value().written == 0);
  std::string taken;
  for (;;) {
    auto calls = s.t.child().take_calls();
    REQUIRE(calls.size() == 1);
    if (calls[0] == "close_stdin")
      break;
    auto piece = calls[0].substr(std::string{"write "}.size());
    CHECK(piece.size() <= 1024 * 1024);
    taken += piece;
    s.t.child().stdin_taken(piece.size());
    s.t.run();
  }
  CHECK((taken == text));
}

TEST_CASE("exec: input after refused input is refused with it",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(terminal_of("cat"));
  s.t.child().take_calls();
  auto input = text_for(id, std::string(5000, 'x'));
  input.close = true;
  auto answer = s.write(input);

  SECTION("while somebody waits for it") {
    s.t.child().stdin_refused(5000);
    s.t.run();
    CHECK(answer.is(errc::line_too_long));
  }
  SECTION("while nobody does: the next input brings the error") {
    s.t.advance(250ms);
    CHECK(answer.value().wait == wait_result::timed_out);
    s.t.child().stdin_refused(5000);
    s.t.run();
    CHECK(s.write(text_for(id, "more")).is(errc::line_too_long));
  }
  SECTION("and so is a later request that came behind it") {
    s.t.advance(250ms);
    answer = s.write(text_for(id, "more"));
    s.t.child().stdin_refused(5000);
    s.t.run();
    CHECK(answer.is(errc::line_too_long));
  }
  CHECK(s.t.child().take_calls() == lines{"write " + input.text});
  answer = s.write(text_for(id, "again"));
  CHECK(s.t.child().take_calls() == lines{"write again"});
}

TEST_CASE("exec: a command without input says so, and what to do instead",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(script_of("cat"));
  CHECK(s.last().spec().stdio.input == stdin_kind::null);
  s.t.child().take_calls();
  auto refused = s.write(text_for(id, "x"));
  REQUIRE(refused.is(errc::stdin_closed));
  CHECK(detail_of(refused.error()).text
        == "session 'exec-1' was started without standard input; run its "
           "command again with its input open, or on a terminal");
  CHECK(s.t.child().take_calls() == lines{});
  // Its input has ended already, and signals do not need one.
  auto input = text_for(id, {});
  input.close = true;
  input.keys = {"ctrl-c"};
  auto answer = s.write(input);
  CHECK(s.t.child().take_calls() == lines{"signal #1 interrupt"});
  s.t.child().answered(1);
  s.t.advance(250ms);
  CHECK(answer.value().wait == wait_result::timed_out);
}

TEST_CASE("exec: a terminal is resized, and a session signalled",
          "[exec][terminal]") {
  exec_stage s;
  auto id = s.running(terminal_of("top"));
  auto pipes = s.running(script_of("server"));
  s.t.child(0).take_calls();
  auto resized = s.resize(id, {30, 100});
  CHECK(s.t.child(0).take_calls() == lines{"resize #1 30x100"});
  s.t.child(0).answered(1);
  s.t.run();
  CHECK_FALSE(resized.error());
  CHECK(s.resize(pipes, {30, 100}).is(errc::not_a_terminal));
  CHECK(s.resize("nobody", {30, 100}).is(errc::no_such_session));
  auto signalled = s.signal(pipes, signal_name::hangup);
  s.t.child(1).answered(1);
  s.t.run();
  CHECK(s.t.child(1).count("signal #1 hangup") == 1);
  CHECK_FALSE(signalled.error());
  // A wait is under way meanwhile.
  auto waiting = s.poll(pipes);
  s.signal(pipes, signal_name::user1);
  CHECK(waiting.pending());
  s.end({}, 1);
  CHECK(s.signal(pipes, signal_name::hangup).is(errc::no_such_session));
  s.begin(script_of("slow"));
  CHECK(s.signal("exec-3", signal_name::hangup).is(errc::busy));
}

TEST_CASE("exec: a signal does not wait for unread input", "[exec][signals]") {
  exec_stage s;
  auto id = s.running(open_script("sleep 100"));
  s.t.child().take_calls();
  auto answer = s.write(text_for(id, "never read"));
  s.t.advance(250ms);
  auto input = text_for(id, {});
  input.keys = {"ctrl-c"};
  answer = s.write(input);
  CHECK(s.t.child().take_calls()
        == lines{"write never read", "signal #1 interrupt"});
}

TEST_CASE("exec: a child that ends while it is written to is an end, no error",
          "[exec][input]") {
  exec_stage s;
  auto id = s.running(open_script("head -n 1"));
  auto answer = s.write(text_for(id, "two\nlines\n"));
  s.say("two\n");
  s.end();
  CHECK(answer.value().wait == wait_result::closed);
  CHECK(answer.value().head == "two\n");
}

TEST_CASE("exec: a second wait for the same session is refused", "[exec]") {
  exec_stage s;
  auto first = s.exec(script_of("make"));
  peer other{s.t};
  CHECK(s.poll("exec-1").is(errc::busy));
  CHECK(other.ask<exec_result>(s.tool, poll_atom_v, exec_poll{"exec-1", {}})
          .is(errc::busy));
  CHECK(s.write(text_for("exec-1", "x")).is(errc::busy));
  CHECK(s.t.child().take_calls() == lines{});
  CHECK(s.list().at(0).awaited);
  s.end();
  CHECK(first.value().state == session_state::closed);
}

TEST_CASE("exec: a wait that is cancelled leaves the output to the next",
          "[exec]") {
  exec_stage s;
  auto first = s.exec(script_of("make"));
  s.say("kept");
  CHECK(s.agent.ask<caf::unit_t>(s.tool, cancel_atom_v, session_id{"exec-1"})
          .error()
        == caf::none);
  CHECK(first.value().wait == wait_result::cancelled);
  CHECK(first.value().bytes == cursor{});
  // Without a wait nothing happens.
  CHECK(s.agent.ask<caf::unit_t>(s.tool, cancel_atom_v, session_id{"exec-1"})
          .error()
        == caf::none);
  CHECK(s.agent.ask<caf::unit_t>(s.tool, cancel_atom_v, session_id{"none"})
          .is(errc::no_such_session));
  auto second = s.poll("exec-1");
  s.end();
  CHECK(second.value().head == "kept");
}

TEST_CASE("exec: output that a dead agent waited for is kept for the next",
          "[exec]") {
  exec_stage s;
  auto other = std::make_unique<peer>(s.t);
  other->ask<exec_result>(s.tool, exec_atom_v, script_of("make"));
  s.last().started();
  s.t.run();
  s.say("kept");
  other.reset();
  CHECK_FALSE(s.list().at(0).awaited);
  s.end();
  CHECK(s.poll("exec-1").value().head == "kept");
}

TEST_CASE(
  "exec: a refusal at the limit lists what could be stopped, and stops nothing",
  "[exec][limits]") {
  exec_tool_options options;
  spawner_options limits;
  SECTION("its own") {
    options.max_sessions = 2;
  }
  SECTION("the spawner's") {
    limits.max_sessions = 2;
  }
  exec_stage s{options, limits};
  s.running(script_of("idle\nserver"));
  s.running(script_of("busy server"));
  s.say("x", 1);
  auto refused = s.begin(script_of("third"));
  REQUIRE(refused.is(errc::session_limit));
  auto text = detail_of(refused.error()).text;
  CHECK(text
        == "2 sessions live already; terminate one that is not needed any "
           "more: exec-1: running, idle 60.0 s: idle server; exec-2: running, "
           "idle 0.0 s: busy server");
  CHECK(s.list().size() == 2);
  CHECK(s.t.child(0).take_calls() == lines{});
  CHECK(s.t.child(1).take_calls() == lines{});
  // A session that ended makes room, read or not.
  s.end({}, 0);
  CHECK(s.exec(script_of("third")).pending());
}

TEST_CASE("exec: a refusal stays short, however many and long the commands are",
          "[exec][limits]") {
  exec_tool_options options;
  options.max_sessions = 20;
  exec_stage s{options};
  for (auto i = 0; i < 20; ++i)
    s.exec(script_of(std::string(10'000, 'x')));
  auto refused = s.begin(script_of("one more"));
  REQUIRE(refused.is(errc::session_limit));
  auto text = detail_of(refused.error()).text;
  CHECK(text.size() < 3000);
  CHECK(text.find("and 12 more") != std::string::npos);
}

TEST_CASE("exec: the list has all sessions that live or have unread output",
          "[exec][output]") {
  exec_stage s;
  s.exec(script_of("first"));
  s.t.advance(1s);
  auto argv = terminal_of("");
  argv.argv = {"second", "a b"};
  s.exec(argv);
  s.say("abc", 0);
  s.t.advance(2s);
  auto sessions = s.list();
  REQUIRE(sessions.size() == 2);
  CHECK(sessions[0].id == "exec-1");
  CHECK(sessions[0].command == "first");
  CHECK(sessions[0].state == session_state::running);
  CHECK(sessions[0].pid == 4711);
  CHECK(sessions[0].age == 3s);
  CHECK(sessions[0].idle == 2s);
  CHECK(sessions[0].produced == cursor{3, 0});
  CHECK(sessions[0].unread == 3);
  CHECK(sessions[0].awaited);
  CHECK(sessions[1].command == "second 'a b'");
  CHECK(sessions[1].age == 2s);
}

TEST_CASE("exec: a request to terminate a session gets the last of its output",
          "[exec][ending]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  s.say("kept ");
  auto answer = s.terminate(id);
  auto again = s.terminate(id);
  CHECK(answer.pending());
  CHECK(s.t.child().take_calls() == lines{"terminate"});
  s.say("to the end");
  s.end(by_signal(15));
  CHECK(answer.value().head == "kept to the end");
  CHECK(answer.value().status.by_request);
  CHECK(answer.value().state == session_state::closed);
  CHECK(again.value().head == "");
  CHECK(again.value().status.by_request);
  CHECK(s.terminate(id).is(errc::no_such_session));
}

TEST_CASE("exec: a poll leaves a session that is being terminated",
          "[exec][ending]") {
  exec_stage s;
  auto id = session_id{"exec-1"};
  auto first = s.begin(script_of("make"));
  auto started = GENERATE(true, false);
  if (started) {
    s.last().started();
    s.t.advance(30s);
    CHECK(first.value().wait == wait_result::timed_out);
  }
  auto answer = s.terminate(id);
  auto polled = s.poll(id);
  // Without a start the first request is the one that waits.
  CHECK(polled.pending() == started);
  CHECK(s.list().size() == 1);
  if (!started)
    s.last().started();
  s.t.run();
  s.end();
  CHECK((started ? polled : first).value().wait == wait_result::closed);
  CHECK(answer.value().wait == wait_result::closed);
  CHECK(s.list().empty());
}

TEST_CASE("exec: a wait ends with the session that is terminated",
          "[exec][ending]") {
  exec_stage s;
  auto first = s.exec(script_of("server"));
  s.say("kept");
  auto answer = s.terminate("exec-1");
  s.end(by_signal(15));
  CHECK(first.value().head == "kept");
  CHECK(first.value().status.by_request);
  CHECK(answer.value().bytes == cursor{});
  CHECK(answer.value().status.by_request);
  CHECK(s.list().empty());
}

TEST_CASE("exec: a session terminated while it starts ends once it has started",
          "[exec][ending]") {
  exec_stage s;
  auto first = s.begin(script_of("server"));
  auto answer = s.terminate("exec-1");
  s.last().take_calls();

  SECTION("it starts") {
    s.last().started();
    s.t.run();
    CHECK(s.last().take_calls() == lines{"terminate"});
    s.end(by_signal(15));
    CHECK(answer.value().status.by_request);
    CHECK(first.value().status.by_request);
  }
  SECTION("it does not") {
    s.last().start_failed(errc::program_not_found, stage::exec);
    s.t.run();
    CHECK(answer.is(errc::program_not_found));
    CHECK(first.is(errc::program_not_found));
  }
}

TEST_CASE("exec: a process that does not end is an error, and is still there",
          "[exec][ending]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  auto answer = s.terminate(id);
  s.t.advance(2s);
  CHECK(s.t.child().take_calls() == lines{"terminate", "kill"});
  s.t.advance(30s);
  CHECK(answer.is(errc::deadline_passed));
  CHECK(s.list().size() == 1);
  s.end(by_signal(9));
  CHECK(s.poll(id).value().status.signal == 9);
}

TEST_CASE("exec: all sessions are terminated at once, and their output stays",
          "[exec][ending]") {
  exec_stage s;
  CHECK(s.agent.ask<exec_list>(s.tool, terminate_atom_v).value().empty());
  auto first = s.running(script_of("first"));
  auto second = s.running(script_of("second"));
  auto ended = s.running(script_of("ended"));
  s.end(exit_code(1), 2);
  s.say("kept", 1);
  auto answer = s.agent.ask<exec_list>(s.tool, terminate_atom_v);
  s.end(by_signal(15), 0);
  CHECK(answer.pending());
  s.end(exit_code(0), 1);
  auto& all = answer.value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == first);
  CHECK(all[0].state == session_state::closed);
  CHECK(all[0].status.signal == 15);
  CHECK(all[1].id == second);
  CHECK(all[1].unread == 4);
  CHECK(s.poll(second).value().head == "kept");
  CHECK(s.poll(ended).value().status.code == 1);
}

TEST_CASE("exec: a wait for the end is answered, and takes no output",
          "[exec]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  auto told = s.agent.ask<exit_status>(s.tool, wait_atom_v, id);
  peer other{s.t};
  auto told_too = other.ask<exit_status>(s.tool, wait_atom_v, id);
  s.say("kept");
  s.t.advance(1h);
  CHECK(told.pending());
  s.end(exit_code(4));
  CHECK(told.value().code == 4);
  CHECK(told_too.value().code == 4);
  CHECK(s.agent.ask<exit_status>(s.tool, wait_atom_v, id).value().code == 4);
  CHECK(s.poll(id).value().head == "kept");
  CHECK(s.agent.ask<exit_status>(s.tool, wait_atom_v, id)
          .is(errc::no_such_session));
}

TEST_CASE("exec: waits for an end are limited, and dead askers do not count",
          "[exec][limits]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  auto other = std::make_unique<peer>(s.t);
  for (auto i = 0; i < 64; ++i)
    other->ask<exit_status>(s.tool, wait_atom_v, id);
  CHECK(s.agent.ask<exit_status>(s.tool, wait_atom_v, id).is(errc::busy));
  other.reset();
  auto told = s.agent.ask<exit_status>(s.tool, wait_atom_v, id);
  s.end();
  CHECK(success(told.value()));
}

TEST_CASE("exec: repeated waits for an end that does not come do not pile up",
          "[exec][limits]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  std::vector<reply<exec_result>> one;
  std::vector<reply<exec_list>> all;
  for (auto i = 0; i < 65; ++i) {
    one.push_back(s.terminate(id));
    all.push_back(s.agent.ask<exec_list>(s.tool, terminate_atom_v));
  }
  CHECK(one.back().is(errc::busy));
  CHECK(all.back().is(errc::busy));
  s.end(by_signal(15));
  CHECK(one.front().value().status.signal == 15);
  CHECK(all.front().value().size() == 1);
}

TEST_CASE("exec: unread output is kept for a while, the latest of it",
          "[exec][output]") {
  exec_tool_options options;
  options.max_unread = 2;
  options.unread_for = 1h;
  exec_stage s{options};
  for (auto i = 0; i < 3; ++i) {
    s.running(script_of("true"));
    s.end({}, static_cast<std::size_t>(i));
    s.t.advance(1min);
  }
  CHECK(s.poll("exec-1").is(errc::no_such_session));
  CHECK(s.list().size() == 2);
  // Each wait has its own time.
  s.t.advance(59min - 31s);
  CHECK(s.list().size() == 1);
  s.t.advance(1h);
  CHECK(s.list().empty());
}

TEST_CASE("exec: everything that the tool started ends with the tool",
          "[exec][ending]") {
  exec_stage s;
  auto waiting = s.exec(script_of("server"));
  auto told = s.agent.ask<exit_status>(s.tool, wait_atom_v,
                                       session_id{"exec-1"});
  auto starting = s.begin(script_of("other"));

  SECTION("because it is told to") {
    s.end_tool();
    CHECK(waiting.is(errc::runtime_stopped));
    CHECK(told.is(errc::runtime_stopped));
    CHECK(starting.is(errc::runtime_stopped));
  }
  SECTION("because nobody has it any more") {
    s.tool = nullptr;
    s.t.run();
    CHECK(waiting.is(errc::runtime_stopped));
  }
  s.t.child(1).started();
  s.t.run();
  CHECK(s.t.child(0).count("kill") == 1);
  CHECK(s.t.child(1).count("kill") == 1);
}

TEST_CASE("exec: sessions that end with their spawner are told as they ended",
          "[exec][ending]") {
  exec_stage s;
  auto id = s.running(script_of("other"));
  auto waiting = s.exec(script_of("server"));
  s.say("kept", 0);
  caf::anon_send_exit(s.t.where, caf::exit_reason::kill);
  s.t.run();
  for (std::size_t i = 0; i < s.t.children(); ++i)
    s.t.child(i).perish();
  s.t.run();
  CHECK(waiting.value().status.cause == exit_cause::signaled);
  CHECK(waiting.value().status.by_request);
  auto last = s.poll(id).value();
  CHECK(last.head == "kept");
  CHECK(last.status.cause == exit_cause::signaled);
  CHECK_FALSE(s.begin(script_of("more")).pending());
  CHECK(s.list().empty());
}

TEST_CASE("exec: each byte is answered once in any order of messages",
          "[exec]") {
  auto seed = GENERATE(range(0u, 50u));
  std::minstd_rand chance{seed};
  exec_stage s;
  exec_wait any;
  any.on_output = true;
  auto answer = s.exec(open_script("cat"));
  std::string said;
  std::string heard;
  std::uint64_t omitted = 0;
  auto over = false;
  auto hear = [&] {
    if (answer.pending())
      return;
    heard += answer.value().head + answer.value().tail;
    omitted += answer.value().omitted;
    over = answer.value().state == session_state::closed;
    if (!over)
      answer = s.agent.post<exec_result>(s.tool, poll_atom_v,
                                         exec_poll{"exec-1", any});
  };
  for (auto i = 0; i < 60; ++i) {
    std::string chunk(chance() % 100, static_cast<char>('a' + i % 26));
    said += chunk;
    if (!chunk.empty())
      s.t.child().out(chunk);
    for (auto n = chance() % 8; n > 0; --n)
      s.t.run_any(chance);
    hear();
  }
  s.t.child().both_ended();
  s.t.child().exited();
  s.t.child().finished();
  for (auto i = 0; i < 10 && !over; ++i) {
    s.t.run();
    hear();
  }
  CHECK(over);
  CHECK(heard == said);
  CHECK(omitted == 0);
}
