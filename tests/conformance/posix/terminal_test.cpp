#include "../world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <unistd.h>

using namespace procession;
using namespace procession::test;

TEST_CASE("an interpreter on a terminal answers line by line", "[terminal]") {
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
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("a terminal has the size it was given and takes another",
          "[terminal]") {
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

TEST_CASE("a program may close its terminal and open it again", "[terminal]") {
  world w{GENERATE(from_range(backends()))};
  SECTION("once, for more than the terminal holds") {
    auto hdl = w.spawn(shell("exec </dev/null >/dev/null 2>&1; sleep .3; "
                             "seq 100000 >/dev/tty; exit 9",
                             pty()));
    listener events{w, hdl};
    REQUIRE(events.until_closed());
    std::string expected;
    for (auto i = 1; i <= 100000; ++i)
      expected += std::to_string(i) + "\r\n";
    CHECK((events.out == expected));
    CHECK(events.status->code == 9);
    CHECK(events.end->why == close_reason::complete);
  }
  SECTION("many times, and reads from it as well") {
    auto hdl = w.spawn(shell("exec </dev/null >/dev/null 2>&1; i=0; "
                             "while [ $i -lt 300 ]; do i=$((i+1)); "
                             "echo $i >/dev/tty; done; "
                             "read x </dev/tty; echo read $x >/dev/tty",
                             pty()));
    listener events{w, hdl};
    REQUIRE(events.until_output("300"));
    REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"word\n"}));
    REQUIRE(events.until_closed());
    std::string expected;
    for (auto i = 1; i <= 300; ++i)
      expected += std::to_string(i) + "\r\n";
    CHECK(events.out.substr(0, expected.size()) == expected);
    CHECK(events.out.find("read word") != std::string::npos);
    CHECK(success(*events.status));
    CHECK(events.end->why == close_reason::complete);
  }
}

TEST_CASE("a program may hang up its terminal and open it again",
          "[terminal]") {
  if (::geteuid() != 0) {
    WARN("skipped here: vhangup(2) needs CAP_SYS_TTY_CONFIG");
    return;
  }
  // As login(1) does. Only here: other users may not.
  world w{backends().front()};
  auto hdl = w.spawn(
    program("python3",
            {"-c", "import ctypes, os, signal, time\n"
                   "name = os.ttyname(0)\n"
                   "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
                   "if ctypes.CDLL(None).vhangup() != 0: os._exit(1)\n"
                   "for i in range(3): os.close(i)\n"
                   "time.sleep(.2)\n"
                   "for i in range(3): os.open(name, os.O_RDWR)\n"
                   "os.write(1, b'again\\n')\n"
                   "os.read(0, 100) == b'word\\n' and os._exit(7)\n"},
            pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("again"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"word\n"}));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
  CHECK(events.end->why == close_reason::complete);
}

TEST_CASE("the last output of a program on a terminal is never lost",
          "[terminal][output]") {
  world w{GENERATE(from_range(backends()))};
  // The program is to end while another process runs on each core.
  std::vector<session> busy;
  for (auto i = 0; i < 2; ++i)
    busy.push_back(w.spawn(shell("while :; do :; done")));
  std::string expected;
  for (auto i = 1; i <= 2000; ++i)
    expected += std::to_string(i) + "\r\n";
  for (auto i = 0; i < 50; ++i) {
    auto hdl = w.spawn(program("seq", {"2000"}, pty()));
    listener events{w, hdl};
    REQUIRE(events.until_closed());
    CHECK(events.end->why == close_reason::complete);
    CHECK((events.out == expected));
  }
  for (auto& x : busy)
    static_cast<void>(w.tell(x, signal_atom_v, signal_name::kill));
}

TEST_CASE("closing the input of a terminal is the end of file",
          "[terminal][input]") {
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

TEST_CASE("more than a terminal holds waits until it is read",
          "[terminal][input]") {
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

TEST_CASE("an interrupt reaches the foreground job of a terminal",
          "[terminal][signals]") {
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

TEST_CASE("terminate ends a terminal's background job too",
          "[terminal][ending]") {
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
