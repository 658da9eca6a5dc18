#include "../exec_world.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("exec: a shell keeps its state, and another one does not see it") {
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
  CHECK(x.write(input).wake == exec_wake::matched);
  input.text.clear();
  input.keys = {"ctrl-d"};
  input.wait.until.clear();
  CHECK(x.write(input).state == session_state::closed);
}

TEST_CASE("exec: ctrl-c interrupts on pipes as on a terminal") {
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

TEST_CASE("exec: a server left behind is waited for no longer than it may be") {
  exec_tool_options options;
  options.kill.drain = std::chrono::milliseconds{200};
  exec_world x{GENERATE(from_range(backends())), options};
  exec_request request;
  request.script = "sleep 1000 & echo $!";
  auto result = x.exec(request);
  CHECK(result.state == session_state::closed);
  CHECK(success(result.status));
  CHECK_FALSE(result.complete);
  CHECK(process_gone(std::stoll(result.head)));
}
