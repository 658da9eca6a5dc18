#include "cli.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace procession;
using namespace procession::test;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && line.back() == '\r')
      line.pop_back();
    result.push_back(line);
  }
  return result;
}

} // namespace

TEST_CASE("a program started at a terminal gets one of the same size",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal(
    "$P run -- sh -c 'test -t 0 && test -t 1 && test -t 2"
    " && stty size'",
    {33, 99});
  CHECK(result.out == "33 99\r\n");
  CHECK(shell_code(result.status) == 0);
}

TEST_CASE(
  "a program started at a terminal with other streams asked for gets none",
  "[command-line][terminal]") {
  shell sh;
  auto option = GENERATE(as<std::string>{}, "--pipes", "--stdio pipes",
                         "--stdio merged", "--stdin null", "--stdin open");
  auto result = sh.on_terminal("$P run " + option + " -- sh -c 'test -t 1'");
  CHECK(shell_code(result.status) == 1);
}

TEST_CASE("redirected output keeps its bytes at a terminal, streams apart",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal(
    "d=$(mktemp -d); $P run -- sh -c 'echo out; echo err >&2; test -t 1' "
    ">$d/out 2>$d/err; echo $?; printf 'out\\n' | cmp - $d/out && "
    "printf 'err\\n' | cmp - $d/err && echo same; rm -r $d");
  CHECK(result.out == "1\r\nsame\r\n");
}

TEST_CASE("output into a pipe keeps its bytes at a terminal",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal(
    "$P run -- printf '\\000\\n\\377\\n' | od -An -tx1");
  CHECK(result.out == " 00 0a ff 0a\r\n");
}

TEST_CASE("a pipeline's last program has the data as input and our keys on its "
          "terminal",
          "[command-line][terminal]") {
  shell sh;
  auto x = sh.start_script(
    "printf 'one\\ntwo\\n' | $P run --pty -- sh -c '"
    "test -t 1 && test ! -t 0 && stty -echo </dev/tty && cat && echo up && "
    "read -r key </dev/tty && echo \"<$key>\"'; echo code=$?");
  CHECK_THAT(read_until(x.output, "up\r\n"), Catch::Contains("one\r\ntwo\r\n"));
  REQUIRE(x.process.write("k\r"));
  read_until(x.output, "<k>\r\n");
  read_until(x.output, "code=0\r\n");
}

TEST_CASE("a writer to a pipeline's last program learns that it reads no more",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal(
    "d=$(mktemp -d); export d; { yes; touch $d/ended; } | $P run --pty -- "
    "sh -c 'exec </dev/null; until test -e $d/ended; do sleep 0.02; done; "
    "echo seen'; rm -r $d");
  CHECK_THAT(result.out, Catch::Contains("seen"));
}

TEST_CASE("the input of a pipeline's last program is typed on request",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal("echo a line | $P run --pty --stdin typed -- sh "
                               "-c 'test -t 0 && stty -opost -echo && cat'");
  CHECK_THAT(result.out, Catch::Contains("a line\r\n"));
  CHECK(shell_code(result.status) == 0);
}

TEST_CASE("keys typed before the start reach the program as they were meant",
          "[command-line][terminal]") {
  // A shell reads its line and leaves the rest to the terminal.
  auto [typed, shown] = GENERATE(table<std::string, std::string>({
    {"line\n\x04", "<line\n>"},
    {"one\ntwo\n\x04", "<one\ntwo\n>"},
    {"part\x04\x04", "<part>"},
    {"\x04", "<>"},
  }));
  CAPTURE(typed);
  shell sh;
  auto x = sh.start_script("stty -echo; echo up; read go; exec $P run --pty -- "
                           "python3 -c 'import sys; "
                           "print(\"<\" + sys.stdin.read() + \">\")'");
  read_until(x.output, "up\r\n");
  REQUIRE(x.process.write("go\n" + typed));
  std::string expected;
  for (auto c : shown)
    expected += c == '\n' ? std::string{"\r\n"} : std::string{c};
  read_until(x.output, expected);
  CHECK(exit_code(x) == 0);
}

TEST_CASE("the escape key counts although it was typed before the start",
          "[command-line][terminal]") {
  shell sh;
  auto x = sh.start_script("echo up; read go; exec $P run --pty -- sleep 100");
  read_until(x.output, "up\r\n");
  REQUIRE(x.process.write("go\n~.\n"));
  CHECK(exit_code(x) == 129);
}

TEST_CASE("a program off a terminal gets one on request",
          "[command-line][terminal]") {
  shell sh;
  auto [option, size] = GENERATE(table<std::string, std::string>(
    {{"--pty", "24 80"}, {"--size", "31 101"}}));
  std::vector<std::string> args{"run", option};
  if (option == "--size")
    args.push_back("31x101");
  for (auto word : {"--", "stty", "size"})
    args.push_back(word);
  auto result = sh.cli(args);
  CHECK_THAT(result.out, Catch::Contains(size));
}

TEST_CASE("the end of a piped input is typed on the terminal",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.cli(
    {"run", "--pty", "--", "sh", "-c", "stty -echo; echo up; cat"}, "a line\n");
  CHECK(shell_code(result.status) == 0);
  CHECK_THAT(result.out, Catch::Contains("a line\r\n"));
}

TEST_CASE("a piped input ends a program that edits its lines",
          "[command-line][terminal]") {
  shell sh;
  for (auto i = 0; i < 10; ++i) {
    // The editor that Python has of its own since 3.13 takes early keys as
    // text, even the end of input.
    auto result = sh.cli({"run", "--pty", "--env", "PYTHON_BASIC_REPL=1", "--",
                          "python3", "-q"},
                         "print(40 + 2)\n");
    CHECK(shell_code(result.status) == 0);
    CHECK_THAT(result.out, Catch::Contains("42"));
  }
}

TEST_CASE("an input that the terminal would cut off ends the run",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.cli({"run", "--pty", "--", "cat"},
                       std::string(5000, 'x') + "\n");
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("more than 4095 bytes"));
}

TEST_CASE("keys go to the program as they are", "[command-line][terminal]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c",
                     "trap 'echo caught; exit 9' INT; sleep 100 & echo up; "
                     "wait"},
                    pty());
  read_until(x.output, "up\r\n");
  REQUIRE(x.process.write("\x03"));
  read_until(x.output, "caught\r\n");
  CHECK(exit_code(x) == 9);
}

TEST_CASE("the program's terminal follows the size of our own",
          "[command-line][terminal]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c",
                     "trap 'stty size; exit 0' WINCH; sleep 100 & echo up; "
                     "wait"},
                    pty({20, 60}));
  read_until(x.output, "up\r\n");
  REQUIRE(x.process.resize({21, 61}));
  read_until(x.output, "21 61\r\n");
  CHECK(exit_code(x) == 0);
}

TEST_CASE("the mode of our terminal is restored on every way out",
          "[command-line][terminal]") {
  auto [program, code] = GENERATE(table<std::string, std::string>({
    {"true", "0"},
    {"no-such-program", "127"},
    {"sh -c 'exit 5'", "5"},
    {"sh -c 'kill -TERM $PPID; sleep 100'", "143"},
    {"sh -c 'kill -HUP $PPID; sleep 100'", "129"},
    {"sh -c 'kill -SEGV $PPID; sleep 100'", "139"},
    {"sh -c 'kill -USR1 $PPID; sleep 100'", "138"},
    {"sh -c 'kill -ABRT $PPID; sleep 100'", "134"},
  }));
  CAPTURE(program);
  shell sh;
  auto result = sh.on_terminal("ulimit -c 0; stty -g; $P run --pty -- "
                               + program + " 2>/dev/null; echo $?; stty -g");
  auto all = lines(result.out);
  CAPTURE(result.out);
  REQUIRE(all.size() >= 3);
  CHECK(all[all.size() - 2] == code);
  CHECK(all.front() == all.back());
}

TEST_CASE("our terminal is in raw mode while run goes",
          "[command-line][terminal]") {
  shell sh;
  // The second one looks at the terminal of the first.
  auto result = sh.on_terminal(
    "stty -g >/dev/null; t=$(tty); $P run --pty -- stty -a -F \"$t\"");
  CHECK_THAT(result.out, Catch::Contains("-icanon") && Catch::Contains("-isig")
                           && Catch::Contains("-opost"));
}

TEST_CASE("run goes on in raw mode after it was stopped",
          "[command-line][terminal]") {
  shell sh;
  auto result = sh.on_terminal(
    "t=$(tty); $P run --pty -- sh -c '"
    "stty sane -F \"$0\"; kill -CONT $PPID; "
    "until stty -a -F \"$0\" | grep -q -e -icanon; do :;"
    "done; echo raw' \"$t\"");
  CHECK_THAT(result.out, Catch::Contains("raw"));
  CHECK(shell_code(result.status) == 0);
}
