#include "../exec_world.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("exec: a shell keeps its state, and another one does not see it",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request shell;
  shell.argv = {"/bin/sh"};
  shell.tty = true;
  shell.env.set["PS1"] = "go> ";
  auto id = x.start(shell, "go> ").id;
  auto input = input_for(id, "X=42\n");
  input.wait.until = {"go> "};
  x.write(input);
  exec_request other;
  other.script = "echo \"[$X]\"";
  CHECK(x.exec(other).head == "[]\n");
  CHECK(x.call<exec_list>(list_atom_v).size() == 1);
  input.text = "echo \"[$X]\"\n";
  input.wait.until = {"[42]\r\n"};
  CHECK(x.write(input).wait == wait_result::matched);
  input.text.clear();
  input.keys = {"ctrl-d"};
  input.wait.until.clear();
  CHECK(x.write(input).state == session_state::closed);
}

TEST_CASE("exec: ctrl-c interrupts on pipes as on a terminal",
          "[exec][signals]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request request;
  request.script = "trap 'echo caught; exit 5' INT; echo ready; "
                   "while :; do sleep 0.01; done";
  request.tty = GENERATE(false, true);
  auto id = x.start(request, "ready").id;
  auto input = input_for(id, "");
  input.keys = {"ctrl-c"};
  auto last = x.write(input);
  CHECK(last.state == session_state::closed);
  CHECK(last.status.code == 5);
  CHECK(output_text(last).find("caught") != std::string::npos);
}

TEST_CASE("exec: the wait for a server left behind is bounded", "[exec]") {
  exec_tool_options options;
  options.kill.drain_timeout = std::chrono::milliseconds{200};
  exec_world x{GENERATE(from_range(backends())), options};
  exec_request request;
  request.script = "sleep 1000 & echo $!";
  auto result = x.exec(request);
  CHECK(result.state == session_state::closed);
  CHECK(success(result.status));
  CHECK_FALSE(result.complete);
  CHECK(result.rest.ended == 1);
  CHECK(process_gone(std::stoll(result.head)));
}

TEST_CASE("exec: a server that is kept is a session, and ends like one",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request request;
  request.script = "sleep 1000 & echo $!";
  request.keep_background = true;
  auto first = x.exec(request);
  CHECK(first.wait == wait_result::exited);
  CHECK(success(first.status));
  auto pid = std::stoll(first.head);
  CHECK(process_lives(pid));
  auto last = x.call<exec_result>(terminate_atom_v, first.id);
  CHECK(last.state == session_state::closed);
  CHECK(last.rest.ended == 1);
  CHECK_FALSE(process_lives(pid));
}

TEST_CASE("exec: a program that reads its input if it is open does not wait",
          "[exec][input]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request request;
  request.script = "cat; echo over";
  CHECK(x.exec(request).head == "over\n");
}

TEST_CASE("exec: both outputs come in the order in which they were written",
          "[exec][output]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request request;
  request.script = "for i in 1 2 3; do echo o$i; echo e$i >&2; done";
  CHECK(x.exec(request).head == "o1\ne1\no2\ne2\no3\ne3\n");
}

TEST_CASE("exec: the echo of a shell's line editor is not waited for",
          "[exec][text]") {
  exec_world x{GENERATE(from_range(backends()))};
  exec_request shell;
  shell.argv = {"bash", "--norc", "--noprofile"};
  shell.tty = true;
  shell.env.set["PS1"] = "go> ";
  auto id = x.start(shell, "go> ").id;
  auto input = input_for(id, "echo $((6 * 7)) is the answer 42\n");
  input.wait.until_regex = {"answer 42"};
  auto result = x.write(input);
  CHECK(result.wait == wait_result::matched);
  CHECK(result.head.find("42 is the answer 42") != std::string::npos);
}
