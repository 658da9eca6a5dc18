#include "../world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <unistd.h>

#include <list>
#include <tuple>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns the numbers from 1 to `n`, one per line.
std::string numbers(int n, const std::string& line_end) {
  std::string result;
  for (auto i = 1; i <= n; ++i)
    result += std::to_string(i) + line_end;
  return result;
}

/// Returns Python with GNU readline. Since 3.13 Python has an editor of its
/// own, which takes early keys as text, even the end of input.
command python_repl() {
  auto result = program("python3", {"-q"}, pty());
  result.env.set["PYTHON_BASIC_REPL"] = "1";
  return result;
}

} // namespace

TEST_CASE("the end of input ends a program that edits its lines",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto bash = program("bash", {"--norc", "-i"}, pty());
  bash.env.unset = {"IGNOREEOF"};
  auto python = python_repl();
  for (auto i = 0; i < 10; ++i) {
    for (auto& [spec, text, answer] :
         {std::tuple{bash, "echo $((40 + 2))\n", "42"},
          std::tuple{python, "print(40 + 2)\n", "42"}}) {
      auto hdl = w.spawn(spec);
      listener events{w, hdl};
      caf::anon_send(hdl, write_atom_v, shared_bytes{text});
      REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
      REQUIRE(events.until_closed());
      CHECK(events.out.find(answer) != std::string::npos);
      CHECK(success(*events.status));
    }
  }
}

TEST_CASE("an input that is closed at once is at its end for every reader",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = GENERATE(program("cat", {}, pty()), program("sh", {}, pty()),
                       program("bash", {}, pty()), python_repl(),
                       // One after the other.
                       shell("cat; cat; exec cat", pty()),
                       // Drops the input typed so far.
                       program("python3",
                               {"-c", "import getpass\n"
                                      "try: getpass.getpass()\n"
                                      "except EOFError: pass\n"},
                               pty()));
  std::list<listener> ten;
  for (auto i = 0; i < 10; ++i) {
    auto hdl = w.spawn(spec);
    ten.emplace_back(w, hdl);
    REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  }
  for (auto& events : ten) {
    REQUIRE(events.until_closed());
    CHECK(success(*events.status));
  }
}

TEST_CASE("the end of input is typed again for each mode of the terminal",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  // Each mode begins with the rest of the one before, and ends when the end of
  // input is read.
  auto hdl = w.spawn(
    program("python3",
            {"-c", "import os, termios, time, tty\n"
                   "before = termios.tcgetattr(0)\n"
                   "for i in range(3):\n"
                   "  time.sleep(.05)\n"
                   "  tty.setraw(0, termios.TCSADRAIN)\n"
                   "  while os.read(0, 1) != b'\\x04': pass\n"
                   "  os.write(1, b'raw\\n')\n"
                   "  termios.tcsetattr(0, termios.TCSADRAIN, before)\n"
                   "  time.sleep(.05)\n"
                   "  while os.read(0, 1) != b'': pass\n"
                   "  os.write(1, b'canonical\\n')\n"},
            pty()));
  listener events{w, hdl};
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  auto turn = std::string{"raw\ncanonical\r\n"};
  CHECK(events.out == turn + turn + turn);
  CHECK(success(*events.status));
}

TEST_CASE("a program that hangs up its terminal still finds its input's end",
          "[terminal][input]") {
  if (::geteuid() != 0) {
    WARN("skipped here: vhangup(2) needs CAP_SYS_TTY_CONFIG");
    return;
  }
  world w{backends().front()};
  auto hdl = w.spawn(
    program("python3",
            {"-c", "import ctypes, os, signal\n"
                   "name = os.ttyname(0)\n"
                   "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
                   "if ctypes.CDLL(None).vhangup() != 0: os._exit(1)\n"
                   "for i in range(3): os.close(i)\n"
                   "for i in range(3): os.open(name, os.O_RDWR)\n"
                   "while os.read(0, 100) != b'': pass\n"
                   "os._exit(7)\n"},
            pty()));
  listener events{w, hdl};
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  CHECK(events.status->code == 7);
}

TEST_CASE("all that was typed before the end of input arrives",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  // More than the terminal holds, in short lines that are not read at first.
  constexpr auto n = 50000;
  auto text = numbers(n, "\n");
  auto spec = shell("stty -echo; echo ready; kill -STOP $$; exec cat", pty());
  spec.limits.stdin_queue = text.size();
  spec.report_stops = true;
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready\r\n"));
  REQUIRE(events.until([&] { return !events.stops.empty(); }));
  caf::anon_send(hdl, write_atom_v, shared_bytes{text});
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  CHECK(w.info(hdl).consumed_stdin < text.size());
  REQUIRE_FALSE(w.tell(hdl, signal_atom_v, signal_name::resume));
  REQUIRE(events.until_closed());
  CHECK((events.out == "ready\r\n" + numbers(n, "\r\n")));
  CHECK(success(*events.status));
  CHECK(w.info(hdl).consumed_stdin == text.size());
}

TEST_CASE("a line that the terminal would cut off is refused as a whole",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("stty -echo; echo ready; exec cat", pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready\r\n"));
  auto write = [&](std::string text) {
    return w.ask<std::uint64_t>(hdl, write_atom_v,
                                shared_bytes{std::move(text)});
  };
  auto refused = [&](std::string text) {
    auto result = write(std::move(text));
    return !result && is(result.error(), errc::line_too_long);
  };
  std::string longest(4095, 'x');
  std::string expected;
  SECTION("and what is written next arrives") {
    auto line = std::string(5000, 'x') + "\r\n";
    CHECK(refused(line + line + line));
    CHECK(refused("short\n" + line));
    CHECK(w.info(hdl).consumed_stdin == 0);
    REQUIRE(write("next\n"));
    expected = "next\r\n";
  }
  SECTION("but not the longest that it takes") {
    REQUIRE(write(longest + "\n" + longest + "\n"));
    CHECK(refused(longest + "x\n"));
    REQUIRE(write(longest));
    REQUIRE(write("\n"));
    expected = longest + "\r\n" + longest + "\r\n" + longest + "\r\n";
  }
  SECTION("also one that is written in parts") {
    REQUIRE(write(std::string(3000, 'x')));
    CHECK(refused(std::string(3000, 'y') + "\n"));
    REQUIRE(write("z\n"));
    expected = std::string(3000, 'x') + "z\r\n";
  }
  SECTION("but not one that is edited") {
    REQUIRE(write(longest + "xyz\x15" + longest + "\n"));
    expected = longest + "\r\n";
  }
  REQUIRE_FALSE(w.tell(hdl, close_stdin_atom_v));
  REQUIRE(events.until_closed());
  CHECK((events.out == "ready\r\n" + expected));
}

TEST_CASE("a line that is far too long is refused as one write",
          "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("stty -echo; echo ready; exec cat", pty());
  auto hdl = w.spawn(spec);
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  auto refused = w.ask<std::uint64_t>(hdl, write_atom_v,
                                      shared_bytes{std::string(200000, 'x')});
  REQUIRE_FALSE(refused);
  CHECK(is(refused.error(), errc::line_too_long));
  CHECK(w.info(hdl).queued_stdin == 0);
  // A runner gets it in frames, of which the last is short enough for a line.
  CHECK(w.info(hdl).consumed_stdin <= 4095);
}

TEST_CASE("a terminal without lines takes any length", "[terminal][input]") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(
    shell("stty raw -echo; echo ready; head -c 100000 | wc -c", pty()));
  listener events{w, hdl};
  REQUIRE(events.until_output("ready"));
  REQUIRE(w.ask<std::uint64_t>(hdl, write_atom_v,
                               shared_bytes{std::string(100000, 'x')}));
  REQUIRE(events.until_closed());
  CHECK(events.out.find("100000") != std::string::npos);
}
