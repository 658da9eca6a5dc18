#include "exec_world.hpp"

using namespace procession;
using namespace procession::test;

TEST_CASE("exec: a short command is one answer with all of it", "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto result = x.exec(acted({"out", "abc", "err", "\\0x", "exit", "17"}));
  CHECK(result.state == session_state::closed);
  CHECK(result.status.code == 17);
  CHECK(result.complete);
  CHECK(result.bytes == cursor{5, 0});
  CHECK(result.head.size() == 5);
  CHECK(x.call<exec_list>(list_atom_v).empty());
}

TEST_CASE("exec: a command that goes on gives the rest when it is asked again",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto first = x.start(acted({"out", "one", "line", "out", "two", "exit", "3"}),
                       "one");
  CHECK(first.state == session_state::running);
  CHECK(first.head == "one");
  auto last = x.write(input_for(first.id, "\n"));
  CHECK(last.state == session_state::closed);
  CHECK(last.head == "two");
  CHECK(last.status.code == 3);
}

TEST_CASE("exec: unread output stops no child, and no byte is miscounted",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto begun = x.start(acted({"out", "a", "line", "zeros", "4000000",
                              "errzeros", "5", "out", "z"}),
                       "a");
  auto told = x.w.self->request(x.tool, patience, wait_atom_v, begun.id);
  // It waits for the shortest time only.
  auto first = x.call<exec_result>(write_atom_v, input_for(begun.id, "\n"));
  told.receive([](const exit_status& status) { CHECK(success(status)); },
               [&](caf::error& why) { FAIL(describe(why)); });
  auto last = first.state == session_state::closed ? exec_result{}
                                                   : x.poll(begun.id);
  CHECK(first.bytes.out + last.bytes.out == 4000006);
  CHECK(first.omitted + first.head.size() + first.tail.size() + last.omitted
          + last.head.size() + last.tail.size()
        == 4000006);
}

TEST_CASE("exec: a terminated session gives its last output and is gone",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto begun = x.start(acted({"pid", "out", "kept", "sleep"}), "kept");
  auto pid = std::stoll(begun.head);
  auto last = x.call<exec_result>(terminate_atom_v, begun.id);
  CHECK(last.state == session_state::closed);
  CHECK(last.status.by_request);
  CHECK(process_gone(pid));
  CHECK(x.call<exec_list>(list_atom_v).empty());
}

TEST_CASE("exec: a command that runs out of time gives its output", "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto request = acted({"out", "kept", "sleep"});
  request.timeout = std::chrono::seconds{1};
  auto result = x.exec(request);
  CHECK(result.state == session_state::closed);
  CHECK(result.status.timed_out);
  CHECK(result.head == "kept");
}

TEST_CASE("exec: the child sees the environment that it is meant to see",
          "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto request = acted({"env", "TERM", "env", "PAGER"});
  request.env.set["PAGER"] = "more";
  auto result = x.exec(request);
  CHECK(result.head.find("dumb") != std::string::npos);
  CHECK(result.head.find("more") != std::string::npos);
  CHECK(result.head.find("cat") == std::string::npos);
}

TEST_CASE("exec: no process is left when the tool has gone", "[exec]") {
  exec_world x{GENERATE(from_range(backends()))};
  auto begun = x.start(acted({"pid", "out", "up", "sleep"}), "up");
  x.tool = nullptr;
  CHECK(process_gone(std::stoll(begun.head)));
}
