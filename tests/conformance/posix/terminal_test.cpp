#include "../world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

using namespace procession;
using namespace procession::test;

TEST_CASE("an interpreter on a terminal answers line by line") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(program("python3", {"-q", "-i"}, pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output(">>> "));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v,
                               shared_bytes{"print(6 * 7, 'done')\n"}));
  REQUIRE(events.until_output("42 done"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"exit()\n"}));
  REQUIRE(events.until_closed());
  CHECK(success(*events.status));
  CHECK(events.end->complete);
}

TEST_CASE("a terminal has the size it was given and takes another") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("trap 'stty size; echo end' WINCH; stty size; "
                           "read x",
                           pty({31, 101})));
  listener events{w, hdl};
  REQUIRE(events.until_output("31 101"));
  REQUIRE_FALSE(w.tell(hdl, resize_atom_v, terminal_size{45, 132}));
  REQUIRE(events.until_output("45 132"));
  CHECK(is(w.tell(hdl, resize_atom_v, terminal_size{0, 80}),
           errc::invalid_argument));
}

TEST_CASE("closing the input of a terminal is the end of file") {
  world w{GENERATE(from_range(backends()))};
  auto script = std::string{"stty -echo; echo ready; cat | od -An -c; exit 7"};
  auto hdl = w.spawn(shell(script, pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  SECTION("at the start of a line") {
    REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"ab\n"}));
    REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
    REQUIRE(events.until_closed());
    CHECK(events.out.find("a   b  \\n") != std::string::npos);
  }
  SECTION("within a line, without a byte more") {
    REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"ab"}));
    REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
    REQUIRE(events.until_closed());
    CHECK(events.out.find("a   b\r\n") != std::string::npos);
  }
  CHECK(events.status->code == 7);
  // Repeating it does nothing.
  CHECK_FALSE(w.tell(hdl, close_stdin_atom_v));
}

TEST_CASE("more than a terminal holds waits until it is read") {
  world w{GENERATE(from_range(backends()))};
  auto line = std::string(999, 'x') + "\n";
  auto text = std::string{};
  for (auto i = 0; i < 1200; ++i)
    text += line;
  auto spec = shell("stty -echo; echo ready; read start; cat | cksum", pty());
  spec.limits.stdin_queue = 2 * text.size();
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  caf::anon_send(hdl, write_atom_v, shared_bytes{"start\n"});
  caf::anon_send(hdl, write_atom_v, shared_bytes{text});
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  auto expected = w.run(program("cksum"), shared_bytes{text}).out;
  auto sum = expected.substr(0, expected.find('\n'));
  CHECK(events.out.find(sum) != std::string::npos);
}

TEST_CASE("an interrupt reaches the foreground job of a terminal") {
  world w{GENERATE(from_range(backends()))};
  // With job control each job is a process group of its own.
  auto hdl = w.spawn(program("bash", {"--norc", "-i"}, pty()));
  listener events{w, hdl};
  REQUIRE(w.ask<std::uint64_t>(
    hdl, write_atom_v,
    shared_bytes{"sh -c 'echo star''ted; exec sleep 1000'\n"}));
  REQUIRE(events.until_output("started"));
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::interrupt));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v,
                               shared_bytes{"echo code $?; exit\n"}));
  REQUIRE(events.until_output("code 130"));
  REQUIRE(events.until_closed());
}

TEST_CASE("terminate ends a terminal's background job too") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("sleep 1000 & echo $!; wait", pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto background = std::stoll(events.out);
  auto status = w.ask<exit_status>(hdl, terminate_atom_v);
  REQUIRE(status);
  CHECK(status->by_request);
  CHECK(process_gone(background));
  REQUIRE(events.until_closed());
}
