#include "exec_stage.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("exec: a command that ends in time is answered with everything",
          "[exec]") {
  exec_stage s;
  auto answer = s.exec(script_of("make"));
  s.say("out\nerr\n");
  s.t.advance(2s);
  CHECK(answer.pending());
  s.end(exit_code(17));
  auto& x = answer.value();
  CHECK(x.id == "exec-1");
  CHECK(x.wait == wait_result::closed);
  CHECK(x.state == session_state::closed);
  CHECK(x.status.code == 17);
  CHECK(x.complete);
  CHECK(x.head == "out\nerr\n");
  CHECK(x.omitted == 0);
  CHECK(x.bytes == cursor{8, 0});
  CHECK(x.rest == leftovers{});
  CHECK(x.waited == 2s);
  // It was never a session that needs care.
  CHECK(s.list().empty());
  CHECK(s.poll("exec-1").is(errc::no_such_session));
}

TEST_CASE("exec: a script goes to the shell, a command line does not",
          "[exec][start]") {
  exec_tool_options options;
  options.shell = {"/bin/bash", "-lc"};
  exec_stage s{options};
  auto request = script_of("echo $HOME | cat");
  request.cwd = "/tmp";
  request.timeout = 1h;
  s.exec(request);
  CHECK(s.last().spec().program == "/bin/bash");
  CHECK(s.last().spec().args == lines{"-lc", "echo $HOME | cat"});
  CHECK(s.last().spec().cwd == "/tmp");
  CHECK(s.last().spec().limits.timeout == 1h);
  CHECK(s.last().spec().stdio.kind == stdio_kind::merged);
  CHECK(s.last().spec().stdio.input == stdin_kind::null);
  CHECK(s.last().spec().kill.background == background_policy::end);
  exec_request line;
  line.argv = {"ls", "-l", "a b"};
  line.tty = true;
  line.size = {30, 100};
  s.exec(line);
  CHECK(s.last().spec().program == "ls");
  CHECK(s.last().spec().args == lines{"-l", "a b"});
  CHECK(s.last().spec().stdio.kind == stdio_kind::pty);
  CHECK(s.last().spec().stdio.size == terminal_size{30, 100});
}

TEST_CASE("exec: the tool adds what is missing to an environment, no more",
          "[exec][start]") {
  exec_stage s;
  auto request = script_of("env");
  request.env.set["PAGER"] = "less";
  request.env.unset = {"NO_COLOR"};
  s.exec(request);
  auto& env = s.last().spec().env;
  CHECK(env.inherit);
  CHECK(env.set
        == std::map<std::string, std::string>{
          {"GIT_PAGER", "cat"}, {"PAGER", "less"}, {"TERM", "dumb"}});
  auto on_terminal = request;
  on_terminal.tty = true;
  s.exec(on_terminal);
  CHECK(s.last().spec().env.set.at("TERM") == "xterm-256color");
  on_terminal.env.set["TERM"] = "vt100";
  s.exec(on_terminal);
  CHECK(s.last().spec().env.set.at("TERM") == "vt100");
  CHECK(env.unset == lines{"NO_COLOR"});
  request.env = {false, {{"A", "1"}}, {}};
  s.exec(request);
  CHECK(s.last().spec().env.set
        == std::map<std::string, std::string>{{"A", "1"}});
}

TEST_CASE(
  "exec: a request without script or program, or with a bad wait, is refused",
  "[exec][start]") {
  exec_stage s;
  CHECK(s.begin({}).is(errc::invalid_argument));
  auto both = script_of("a");
  both.argv = {"b"};
  CHECK(s.begin(both).is(errc::invalid_argument));
  auto shared = script_of("a");
  shared.input = stdin_kind::inherit;
  CHECK(s.begin(shared).is(errc::invalid_argument));
  auto request = script_of("a");
  request.wait = GENERATE(for_time(-1s), for_text(""),
                          for_text(std::string(5000, 'x')), for_match("("),
                          for_match(""));
  CHECK(s.begin(request).is(errc::invalid_argument));
  CHECK(s.t.children() == 0);
  // The spawner's own rules hold, too, and no session stays.
  request.wait = {};
  request.argv = {};
  request.script = std::string("a\0b", 3);
  CHECK(s.begin(request).is(errc::invalid_argument));
  CHECK(s.list().empty());
}

TEST_CASE("exec: a command that takes longer is answered with what there is",
          "[exec]") {
  exec_stage s;
  auto request = script_of("make");
  request.wait = for_time(1s);
  auto first = s.exec(request);
  s.say("one ");
  s.t.advance(999ms);
  CHECK(first.pending());
  s.t.advance(1ms);
  CHECK(first.value().wait == wait_result::timed_out);
  CHECK(first.value().state == session_state::running);
  CHECK(first.value().head == "one ");
  s.say("two ");
  auto second = s.poll("exec-1");
  CHECK(second.pending());
  s.say("three");
  s.end();
  CHECK(second.value().head == "two three");
  CHECK(second.value().state == session_state::closed);
  CHECK(s.poll("exec-1").is(errc::no_such_session));
}

TEST_CASE(
  "exec: a wait is as long as it is asked for, within the tool's bounds",
  "[exec]") {
  exec_stage s;
  struct limits {
    caf::timespan asked;
    caf::timespan first;
    caf::timespan write;
    caf::timespan poll;
  };
  auto x = GENERATE(limits{default_wait, 10s, 250ms, 5s},
                    limits{2ms, 2ms, 2ms, 2ms}, limits{7s, 7s, 7s, 7s},
                    limits{1h, 30s, 30s, 5min});
  auto takes = [&](const reply<exec_result>& answer, caf::timespan time) {
    s.t.advance(time - 1ms);
    CHECK(answer.pending());
    s.t.advance(1ms);
    CHECK(answer.value().waited == time);
  };
  auto request = open_script("cat");
  request.wait = for_time(x.asked);
  takes(s.exec(request), x.first);
  auto input = text_for("exec-1", "x");
  input.wait = for_time(x.asked);
  takes(s.write(input), x.write);
  takes(s.poll("exec-1", for_time(x.asked)), x.poll);
}

TEST_CASE("exec: a request that does not wait is answered at once with the "
          "output so far",
          "[exec][output]") {
  exec_stage s;
  auto request = open_script("cat");
  request.wait = for_time(0s);
  auto first = s.begin(request);
  CHECK(first.pending());

  SECTION("when it does not start, with the reason") {
    s.last().start_failed(errc::program_not_found, stage::exec);
    s.t.run();
    CHECK(first.is(errc::program_not_found));
  }
  SECTION("when it runs, with its name") {
    s.last().started();
    s.t.run();
    CHECK(first.value().state == session_state::running);
    CHECK(first.value().waited == 0s);
    s.say("one");
    CHECK(s.poll("exec-1", for_time(0s)).value().head == "one");
    CHECK(s.poll("exec-1", for_time(0s)).value().head == "");
    auto input = text_for("exec-1", "x");
    input.wait = for_time(0s);
    CHECK(s.write(input).value().wait == wait_result::timed_out);
    CHECK(s.t.child().count("write x") == 1);
  }
}

TEST_CASE("exec: an end is told when the last of the output is there",
          "[exec][output]") {
  exec_stage s;
  auto answer = s.exec(script_of("make"));
  s.t.child().exited(exit_code(3));
  s.t.run();
  CHECK(answer.pending());
  s.say("late");
  s.t.child().both_ended();
  s.t.child().finished();
  s.t.run();
  CHECK(answer.value().head == "late");
  CHECK(answer.value().status.code == 3);
}

TEST_CASE("exec: the wait for output that a descendant holds open is bounded",
          "[exec][output]") {
  exec_tool_options options;
  options.kill.drain_timeout = 20s;
  exec_stage s{options};
  auto answer = s.exec(script_of("server &"));
  s.t.child().exited(exit_code(0));
  s.t.run();
  s.t.advance(10s);
  CHECK(answer.value().wait == wait_result::timed_out);
  CHECK(answer.value().state == session_state::exited);
  auto last = s.poll("exec-1", for_time(1min));
  s.t.advance(10s);
  CHECK(s.t.child().count("finish") == 1);
  s.t.child().finished();
  s.t.run();
  CHECK(last.value().state == session_state::closed);
  CHECK_FALSE(last.value().complete);
}

TEST_CASE("exec: a text in the output ends the wait, wherever chunks end",
          "[exec][output]") {
  exec_stage s;
  auto request = script_of("server");
  request.wait = for_text("port ");
  auto answer = s.exec(request);
  s.say("on po");
  CHECK(answer.pending());
  s.say("rt 8080\n");
  CHECK(answer.value().wait == wait_result::matched);
  CHECK(answer.value().head == "on port 8080\n");
}

TEST_CASE("exec: an answer tells which text or expression came",
          "[exec][text]") {
  exec_stage s;
  auto request = script_of("server");
  request.wait.until = {"failed"};
  request.wait.until_regex = {"port \\d+$", "[Ee]rror"};
  auto answer = s.exec(request);
  s.say("on port 80 or so, no ");
  CHECK(answer.pending());
  s.say("error\n");
  CHECK(answer.value().wait == wait_result::matched);
  CHECK(answer.value().matched == "[Ee]rror");
  CHECK(answer.value().matched_text == "error");
}

TEST_CASE("exec: an expression that never ends is an error, not a wait",
          "[exec][text]") {
  exec_stage s;
  auto request = script_of("server");
  request.wait.until_regex = {"(a+)+b"};
  auto answer = s.exec(request);
  s.say(std::string(10'000, 'a'));
  CHECK(answer.is(errc::invalid_argument));
  // The session goes on, and the next poll gets its output.
  CHECK(s.poll("exec-1", for_time(0s)).value().bytes == cursor{10'000, 0});
}

TEST_CASE(
  "exec: output that an answer took is searched later, unless it matched",
  "[exec][output]") {
  exec_stage s;
  auto id = s.running(open_script("server"));
  s.say("ready\n");
  CHECK(s.poll(id, for_time(0s)).value().head == "ready\n");
  auto found = s.poll(id, for_text("ready"));
  CHECK(found.value().wait == wait_result::matched);
  CHECK(found.value().head == "");
  auto again = s.poll(id, for_text("ready"));
  CHECK(again.pending());
  s.say("ready, again: ready");
  CHECK(again.value().matched == "ready");
  CHECK(s.poll(id, for_text("ready")).value().wait == wait_result::matched);
  // Input makes earlier output old.
  s.say("ready");
  auto input = text_for(id, "x");
  input.wait = for_time(0s);
  s.write(input);
  CHECK(s.poll(id, for_text("ready")).pending());
}

TEST_CASE("exec: the echo of what was typed is not what was waited for",
          "[exec][text]") {
  exec_stage s;
  auto id = s.running(terminal_of("sh"));
  auto input = text_for(id, "echo done\n");
  input.wait.until = {"done"};
  auto answer = s.write(input);
  s.say("$ echo ");
  s.say("done\r\n");
  CHECK(answer.pending());
  s.say("done\r\n");
  CHECK(answer.value().wait == wait_result::matched);
  CHECK(answer.value().head == "$ echo done\r\ndone\r\n");
}

TEST_CASE("exec: leftovers of a process are ended with it, and counted",
          "[exec][containment]") {
  exec_stage s;
  auto answer = s.exec(script_of("server &"));
  s.t.child().both_ended();
  s.t.child().exited();
  s.t.child().finished({2, 0});
  s.t.run();
  CHECK(answer.value().rest == leftovers{2, 0});
}

TEST_CASE(
  "exec: a background process that is kept goes on when the command has ended",
  "[exec]") {
  exec_stage s;
  auto request = script_of("server & echo started");
  request.keep_background = true;
  auto answer = s.exec(request);
  CHECK(s.last().spec().kill.background == background_policy::keep);
  s.say("started\n");
  s.t.child().exited(exit_code(3));
  s.t.run();

  SECTION("there is nothing: that is the end") {
    s.t.child().both_ended();
    s.t.child().finished();
    s.t.run();
    CHECK(answer.value().wait == wait_result::closed);
  }
  SECTION("there is something: it is a session") {
    s.t.advance(249ms);
    CHECK(answer.pending());
    s.t.advance(1ms);
    CHECK(answer.value().wait == wait_result::exited);
    CHECK(answer.value().state == session_state::exited);
    CHECK(answer.value().status.code == 3);
    CHECK(answer.value().head == "started\n");
    CHECK(s.list().at(0).state == session_state::exited);
    // No drain deadline ends it.
    s.t.advance(1h);
    CHECK(s.t.child().count("finish") == 0);
    auto later = s.poll("exec-1", for_text("GET"));
    s.say("GET /\n");
    CHECK(later.value().wait == wait_result::matched);
    auto last = s.terminate("exec-1");
    CHECK(s.t.child().count("terminate") == 1);
    s.t.child().both_ended();
    s.t.child().finished({1, 0});
    s.t.run();
    CHECK(last.value().rest == leftovers{1, 0});
    CHECK(last.value().status.code == 3);
  }
}

TEST_CASE(
  "exec: a poll tells once that the process of a kept session has ended",
  "[exec]") {
  exec_stage s;
  auto request = script_of("make; server &");
  request.keep_background = true;
  auto id = s.running(request);
  s.t.child().exited(exit_code(0));
  s.t.run();
  s.t.advance(1s);
  auto first = s.poll(id);
  s.t.advance(250ms);
  CHECK(first.value().wait == wait_result::exited);
  auto second = s.poll(id);
  s.t.advance(4s);
  CHECK(second.pending());
  s.t.advance(1s);
  CHECK(second.value().wait == wait_result::timed_out);
}

TEST_CASE("exec: a wait for output of a kept session goes on",
          "[exec][output]") {
  exec_stage s;
  auto request = script_of("server &");
  request.keep_background = true;
  request.wait.until = {"listening"};
  auto answer = s.exec(request);
  s.t.child().exited(exit_code(0));
  s.t.run();
  s.t.advance(5s);
  CHECK(answer.pending());
  s.say("listening\n");
  CHECK(answer.value().wait == wait_result::matched);
  CHECK(answer.value().state == session_state::exited);
}

TEST_CASE("exec: a poll finds its text in what came before, input does not",
          "[exec][text]") {
  exec_stage s;
  auto id = s.running(terminal_of("python3"));
  s.say(">>> ");
  auto input = text_for(id, "1\n");
  input.wait.until = {">>> "};
  auto answer = s.write(input);
  CHECK(answer.pending());
  s.say("1\n>>> ");
  CHECK(answer.value().head == ">>> 1\n>>> ");
  s.say("a >>> ");
  CHECK(s.poll(id, for_text(">>> ")).value().wait == wait_result::matched);
}

TEST_CASE("exec: a wait for any output ends with the first of it",
          "[exec][output]") {
  exec_stage s;
  auto id = s.running(script_of("server"));
  exec_wait any;
  any.on_output = true;
  auto answer = s.poll(id, any);
  CHECK(answer.pending());
  s.say("GET /\n");
  CHECK(answer.value().wait == wait_result::output);
  CHECK(answer.value().head == "GET /\n");
  s.say("more");
  CHECK(s.poll(id, any).value().head == "more");
}

TEST_CASE("exec: a budget leaves out the middle and tells how much",
          "[exec][output]") {
  exec_stage s;
  auto request = script_of("seq");
  request.wait.max_output = 6;
  auto answer = s.exec(request);
  s.say("0123456789");
  s.end();
  CHECK(output_text(answer.value()) == "012\n... 4 bytes omitted ...\n789");
  CHECK(answer.value().bytes == cursor{10, 0});
}

TEST_CASE("exec: a server without a reader neither waits nor grows", "[exec]") {
  exec_tool_options options;
  options.buffer = 1000;
  exec_stage s{options};
  auto id = s.running(script_of("server"));
  constexpr std::uint64_t much = 16 * 1024 * 1024;
  std::string chunk(64 * 1024, 'x');
  for (std::uint64_t brought = 0; brought < much; brought += chunk.size())
    s.say(chunk);
  CHECK(s.t.child().credit() == read_window);
  s.say("the end");
  auto sessions = s.list();
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].unread == much + 7);
  CHECK(sessions[0].produced == cursor{much + 7, 0});
  exec_wait all;
  all.on_output = true;
  all.max_output = much;
  auto x = s.poll(id, all).value();
  CHECK(x.head.size() + x.tail.size() == 1000);
  CHECK(x.omitted == much + 7 - 1000);
  CHECK(x.bytes == cursor{much + 7, 0});
  CHECK(x.tail.substr(x.tail.size() - 8) == "xthe end");
}

TEST_CASE("exec: output from before the tool listens is not lost",
          "[exec][output]") {
  exec_stage s;
  auto answer = s.begin(script_of("yes"));
  s.last().started();
  std::uint64_t brought = 0;
  while (auto n = std::min<std::uint64_t>(s.last().credit(), 64 * 1024)) {
    s.last().out(std::string(n, 'y'));
    brought += n;
  }
  s.t.run();
  s.end();
  CHECK(brought > 0);
  CHECK(answer.value().bytes == cursor{brought, 0});
}

TEST_CASE("exec: an answer ends between characters, the next one goes on",
          "[exec][text]") {
  exec_stage s;
  auto id = s.running(script_of("cat"));
  exec_wait any;
  any.on_output = true;
  auto answer = s.poll(id, any);
  s.say("a\xE2\x82");
  CHECK(answer.value().head == "a");
  answer = s.poll(id, for_time(5s));
  s.say("\xAC");
  s.say("\xFF\xC3");
  s.end();
  CHECK(answer.value().head == "\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(answer.value().invalid == 2);
  CHECK(answer.value().bytes == cursor{5, 0});
}

TEST_CASE("exec: a command that ran out of time keeps its output and says so",
          "[exec][output]") {
  exec_stage s;
  auto request = script_of("make");
  request.timeout = 2s;
  auto answer = s.exec(request);
  s.say("half of it");
  s.t.advance(2s);
  CHECK(s.t.child().count("terminate") == 1);
  s.end(by_signal(15));
  CHECK(answer.value().head == "half of it");
  CHECK(answer.value().status.timed_out);
}

TEST_CASE("exec: a start that fails is the answer, and leaves nothing",
          "[exec][start]") {
  exec_stage s;
  auto answer = s.begin(script_of("make"));
  s.last().start_failed(errc::cwd_not_found, stage::chdir);
  s.t.run();
  CHECK(answer.is(errc::cwd_not_found));
  CHECK(s.list().empty());
}

TEST_CASE("exec: a start that takes its time has an id, and a result later",
          "[exec][start]") {
  exec_stage s;
  auto answer = s.begin(script_of("make"));
  s.t.advance(10s);
  CHECK(answer.value().id == "exec-1");
  CHECK(answer.value().state == session_state::starting);
  CHECK(s.write(text_for("exec-1", "x")).is(errc::busy));
  CHECK(s.list().at(0).state == session_state::starting);

  SECTION("it succeeds") {
    auto later = s.poll("exec-1");
    s.last().started();
    s.t.run();
    s.say("here");
    s.end();
    CHECK(later.value().head == "here");
  }
  SECTION("it fails while somebody waits") {
    auto later = s.poll("exec-1");
    s.last().start_failed(errc::program_not_found, stage::exec);
    s.t.run();
    CHECK(later.is(errc::program_not_found));
    CHECK(s.list().empty());
  }
  SECTION("it fails while nobody does") {
    s.last().start_failed(errc::program_not_found, stage::exec);
    s.t.run();
    CHECK(s.list().at(0).start_error.find("program_not_found") == 0);
    CHECK(s.poll("exec-1").is(errc::program_not_found));
    CHECK(s.list().empty());
  }
}

TEST_CASE("exec: an id is the caller's choice, and known by it alone",
          "[exec]") {
  exec_stage s;
  auto request = script_of("server");
  request.id = "exec-1";
  auto id = s.running(request);
  CHECK(id == "exec-1");
  CHECK(s.begin(request).is(errc::duplicate_session));
  CHECK(s.running(script_of("other")) == "exec-2");
  // Other actors see a session like any other.
  auto hdl = s.agent.ask<session>(s.t.where, find_atom_v, id).value();
  s.say("warning", 0);
  auto read = s.agent.ask<page>(hdl, read_atom_v, cursor{}, std::uint64_t{99},
                                caf::timespan{0s});
  REQUIRE(read.value().outputs.size() == 1);
  CHECK(read.value().outputs[0].bytes.text() == "warning");
}
