#include "cli.hpp"

#include "../texts.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <tuple>

using namespace procession;
using namespace procession::test;

TEST_CASE("run exits with the code of the program", "[command-line][ending]") {
  using row = std::tuple<strings, std::uint32_t>;
  auto [args, code] = GENERATE(table<strings, std::uint32_t>({
    row{{"true"}, 0},
    row{{"false"}, 1},
    row{{"sh", "-c", "exit 255"}, 255},
    row{{"sh", "-c", "kill -KILL $$"}, 137},
    row{{"sh", "-c", "kill -TERM $$"}, 143},
    row{{"no-such-program-anywhere"}, 127},
    row{{"/no/such/path"}, 127},
    row{{"/etc/passwd"}, 126},
    row{{"/"}, 126},
  }));
  CAPTURE(args);
  shell sh;
  auto mode = GENERATE(as<std::string>{}, "--pipes", "--pty");
  CAPTURE(mode);
  auto result = sh.cli(strings{"run", mode, "--"} + args);
  CHECK(shell_code(result.status) == code);
  CHECK(result.out.empty());
  CHECK(result.err.empty() == (code != 126 && code != 127));
}

TEST_CASE("messages of run cannot play with a terminal",
          "[command-line][text]") {
  shell sh;
  auto args = GENERATE(
    values<strings>({{"run", "--pipes", "--", "no\x1b[2Jsuch"},
                     {"run", "--no\x1b[2Jsuch", "--", "true"}}));
  auto result = sh.cli(args);
  CHECK(result.err.find('\x1b') == std::string::npos);
  CHECK(result.err.find("no?[2Jsuch") != std::string::npos);
  CHECK(result.err.back() == '\n');
}

TEST_CASE("run refuses bad usage with 2 and says why on standard error",
          "[command-line]") {
  auto args = GENERATE(values<strings>(
    {{},
     {"run"},
     {"run", "ls"},
     {"run", "--"},
     {"run", "--", ""},
     {"walk", "--", "ls"},
     {"sandbox", "status"},
     {"run", "--pty", "--pipes", "--", "ls"},
     {"run", "--pipes", "--size", "24x80", "--", "ls"},
     {"run", "--size", "24", "--", "ls"},
     {"run", "--size", "0x80", "--", "ls"},
     {"run", "--size", "24x80x2", "--", "ls"},
     {"run", "--size", "70000x80", "--", "ls"},
     {"run", "--stdio", "pty", "--pipes", "--", "ls"},
     {"run", "--stdio", "tty", "--", "ls"},
     {"run", "--stdio", "", "--", "ls"},
     {"run", "--stdio", "merged", "--size", "24x80", "--", "ls"},
     {"run", "--stdin", "nothing", "--", "ls"},
     {"run", "--timeout", "-1", "--", "ls"},
     {"run", "--timeout", "1h30", "--", "ls"},
     {"run", "--timeout", "nan", "--", "ls"},
     {"run", "--timeout", "soon", "--", "ls"},
     {"run", "--grace", "1e300", "--", "ls"},
     {"run", "--env", "NOVALUE", "--", "ls"},
     {"run", "--env", "=x", "--", "ls"},
     {"run", "--unheard-of", "--", "ls"}}));
  CAPTURE(args);
  shell sh;
  auto result = sh.cli(args);
  CHECK(shell_code(result.status) == 2);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Catch::Contains("Usage:"));
}

TEST_CASE("run tells when the -- is missing", "[command-line]") {
  shell sh;
  auto result = sh.cli({"run", "echo", "hi"});
  CHECK(shell_code(result.status) == 2);
  CHECK_THAT(result.err,
             Catch::Contains("echo hi") && Catch::Contains("after --"));
}

TEST_CASE("a word in the wrong place is answered by where it belongs",
          "[command-line]") {
  using words = std::vector<std::string>;
  using row = std::tuple<words, std::string>;
  auto [args, answer] = GENERATE(table<words, std::string>({
    row{{"walk", "home"},
        "no command 'walk'; to run a program: procession run -- walk home"},
    row{{"--", "ls"},
        "a command is missing; to run a program: procession run -- ls"},
    row{{"run", "--timout", "1s", "--", "ls"}, "no option '--timout'"},
    row{{"--loud", "run", "--", "ls"}, "no option '--loud'"},
    row{{"-v", "run", "--", "ls"}, "the option '-v' must follow 'run'"},
    row{{"--json", "run", "--", "ls"}, "the option '--json' must follow 'run'"},
    row{{"run", "--size", "0x80", "--", "ls"}, "'0x80': "},
  }));
  CAPTURE(args);
  shell sh;
  auto result = sh.cli(args);
  CHECK(shell_code(result.status) == 2);
  CHECK_THAT(result.err, Catch::Contains(answer));
}

TEST_CASE("help and version go to standard output", "[command-line]") {
  shell sh;
  auto help = sh.cli({"run", "--help"});
  CHECK(shell_code(help.status) == 0);
  CHECK_THAT(help.out, Catch::Contains("Usage:") && Catch::Contains("--pty")
                         && Catch::Contains("124") && Catch::Contains("-- "));
  auto version = sh.cli({"--version"});
  CHECK(shell_code(version.status) == 0);
  CHECK_THAT(version.out, Catch::StartsWith("procession 0."));
}

TEST_CASE("run keeps the streams apart and says nothing of its own",
          "[command-line][output]") {
  shell sh;
  auto result = sh.cli(
    {"run", "--", "sh", "-c", "echo out; echo err >&2; printf rest"});
  CHECK(result.out == "out\nrest");
  CHECK(result.err == "err\n");
}

TEST_CASE("run says what happens with -v", "[command-line]") {
  shell sh;
  auto result = sh.cli({"run", "-v", "--", "echo", "out"});
  CHECK(result.out == "out\n");
  CHECK_THAT(result.err, Catch::Contains("exit code 0"));
}

TEST_CASE("run passes arguments, environment and directory to the letter",
          "[command-line][start]") {
  shell sh;
  auto result = sh.cli({"run", "--cwd", "/usr", "--env", "A=x=y z", "--env",
                        "B=", "--env", "C=[1,2]", "--", "sh", "-c",
                        "pwd; echo \"$A|${B-unset}|$C|$0\"; "
                        "for x; do echo \"<$x>\"; done",
                        "[a,b]", "--", "-v", "", "a b", "--json"});
  CHECK(result.out
        == "/usr\nx=y z||[1,2]|[a,b]\n<-->\n<-v>\n<>\n<a b>\n<--json>\n");
  CHECK(shell_code(sh.cli({"run", "--cwd", "/no/such", "--", "ls"}).status)
        == 126);
}

TEST_CASE("run ends the program after the time-out with 124",
          "[command-line][ending]") {
  shell sh;
  auto script = GENERATE(as<std::string>{}, "exec sleep 100",
                         "trap '' TERM; sleep 100 & wait; sleep 100");
  auto result = sh.cli(
    {"run", "--timeout", "0.2", "--grace", "0.1", "--", "sh", "-c", script});
  CHECK(shell_code(result.status) == 124);
  CHECK(result.err.empty());
}

TEST_CASE("run takes times as people write them", "[command-line][text]") {
  shell sh;
  auto timeout = GENERATE(as<std::string>{}, "0.2", "200ms", ".2s");
  auto result = sh.cli(
    {"run", "--timeout", timeout, "--grace", "1m", "--", "sleep", "100"});
  CHECK(shell_code(result.status) == 124);
}

TEST_CASE("run reports a time that makes no sense", "[command-line][text]") {
  shell sh;
  auto result = sh.cli({"run", "--grace", "5x", "--", "true"});
  CHECK(shell_code(result.status) == 2);
  CHECK_THAT(result.err,
             Catch::Contains("--grace: '5x' is not a time such as 30, 1.5s"));
}

TEST_CASE("a time-out that does not pass changes nothing",
          "[command-line][ending]") {
  shell sh;
  auto result = sh.cli({"run", "--timeout", "100", "--", "echo", "x"});
  CHECK(shell_code(result.status) == 0);
  CHECK(result.out == "x\n");
}

TEST_CASE("run copies megabytes both ways, to the byte",
          "[command-line][output]") {
  shell sh;
  auto data = noise(4 * 1024 * 1024);
  auto result = sh.cli({"run", "--", "cat"}, shared_bytes{data});
  CHECK(shell_code(result.status) == 0);
  CHECK(result.out.size() == data.size());
  CHECK((result.out == data));
  CHECK(result.err.empty());
}

TEST_CASE("a program that reads no input does not stop its output",
          "[command-line][input]") {
  shell sh;
  auto result = sh.cli({"run", "--", "head", "-c", "1000000", "/dev/zero"},
                       shared_bytes{noise(4 << 20)});
  CHECK(shell_code(result.status) == 0);
  CHECK(result.out.size() == 1000000);
}

TEST_CASE("run ends with its program while our input stays open",
          "[command-line][input]") {
  shell sh;
  auto x = sh.start({"--", "true"});
  CHECK(exit_code(x) == 0);
}

TEST_CASE("run passes the end of our input on, after the input",
          "[command-line][input]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c", "cat; echo end"});
  REQUIRE(x.process.write("some\n"));
  read_until(x.output, "some\n");
  REQUIRE(x.process.close_stdin());
  read_until(x.output, "end\n");
  CHECK(exit_code(x) == 0);
}

TEST_CASE("a program without input sees its end at once",
          "[command-line][input]") {
  shell sh;
  auto mode = GENERATE(values<strings>({{}, {"--pty"}}));
  CAPTURE(mode);
  auto x = sh.start(mode + strings{"--stdin", "null", "--", "cat"});
  CHECK(exit_code(x) == 0);
}

TEST_CASE("an open input brings nothing and does not end",
          "[command-line][input]") {
  shell sh;
  auto mode = GENERATE(values<strings>({{}, {"--pty"}}));
  CAPTURE(mode);
  auto result = sh.cli(strings{"run"} + mode
                         + strings{"--stdin", "open", "--timeout", "300ms",
                                   "--", "sh", "-c", "cat; echo ended"},
                       shared_bytes{"input\n"});
  CHECK(shell_code(result.status) == 124);
  CHECK(result.out.empty());
}

TEST_CASE("merged outputs keep the order in which they were written",
          "[command-line][output]") {
  shell sh;
  auto result = sh.cli({"run", "--stdio", "merged", "--", "sh", "-c",
                        "echo 1; echo 2 >&2; echo 3; echo 4 >&2"});
  CHECK(result.out == "1\n2\n3\n4\n");
  CHECK(result.err.empty());
}

TEST_CASE("a reader that closes our output ends the program, in silence",
          "[command-line][output]") {
  shell sh;
  auto program = GENERATE(as<std::string>{}, "yes",
                          "sh -c 'trap \"\" PIPE; yes; sleep 100'");
  auto result = sh.script("{ $P run --grace 0.2 -- " + program
                          + "; echo $? >&2; } | head -n 1");
  CHECK(shell_code(result.status) == 0);
  CHECK(result.out == "y\n");
  CHECK(result.err == "141\n");
}

TEST_CASE("output that cannot be written is an error of run",
          "[command-line][output]") {
  shell sh;
  auto result = sh.script("$P run -- echo x >/dev/full");
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("No space left"));
}

TEST_CASE("output for a standard output that is closed is not lost silently",
          "[command-line][output]") {
  shell sh;
  auto result = sh.script("$P run -- echo x >&-");
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("cannot write the output"));
  CHECK(shell_code(sh.script("$P run -- true >&-").status) == 0);
}

TEST_CASE("run does without the standard streams that it was not given",
          "[command-line][start]") {
  shell sh;
  auto [redirection, out] = GENERATE(table<std::string, std::string>(
    {{"<&-", "out\n"}, {"2>&-", "out\n"}, {"<&- 2>&-", "out\n"}}));
  CAPTURE(redirection);
  auto result = sh.script("$P run -- sh -c 'cat; echo out; echo err >&2' "
                          + redirection);
  CHECK(shell_code(result.status) == 0);
  CHECK(result.out == out);
}

TEST_CASE("signals to run reach its program", "[command-line][signals]") {
  using row = std::tuple<signal_name, std::uint32_t>;
  auto [signal, code] = GENERATE(table<signal_name, std::uint32_t>({
    row{signal_name::interrupt, 130},
    row{signal_name::quit, 131},
    row{signal_name::terminate, 143},
    row{signal_name::hangup, 129},
  }));
  CAPTURE(to_string(signal));
  shell sh;
  auto x = sh.start({"--", "sh", "-c", "ulimit -c 0; echo up; exec sleep 100"});
  read_until(x.output, "up\n");
  REQUIRE(x.process.signal(signal));
  CHECK(exit_code(x) == code);
}

TEST_CASE("signals that mean what a program likes reach it",
          "[command-line][signals]") {
  shell sh;
  auto [signal, code] = GENERATE(
    table<std::string, std::uint32_t>({{"USR1", 3}, {"USR2", 4}, {"ALRM", 5}}));
  CAPTURE(signal);
  auto result = sh.script("$P run --pipes -- sh -c 'trap \"exit 3\" USR1; "
                          "trap \"exit 4\" USR2; trap \"exit 5\" ALRM; "
                          "kill -"
                          + signal + " $PPID; while :; do sleep 0.02; done'");
  CHECK(shell_code(result.status) == code);
}

TEST_CASE("a program that minds a signal exits as it likes",
          "[command-line][signals]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c",
                     "trap 'echo bye; exit 7' INT; sleep 100 & echo up; wait"});
  read_until(x.output, "up\n");
  REQUIRE(x.process.signal(signal_name::interrupt));
  read_until(x.output, "bye\n");
  CHECK(exit_code(x) == 7);
}

TEST_CASE("requests to end that come close together count once",
          "[command-line][signals]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c",
                     "trap 'echo asked; sleep 0.3; echo cleaned; exit 3' TERM; "
                     "echo up; while :; do sleep 0.02; done"});
  read_until(x.output, "up\n");
  REQUIRE(x.process.signal(signal_name::terminate));
  read_until(x.output, "asked\n");
  REQUIRE(
    x.process.signal(GENERATE(signal_name::terminate, signal_name::hangup)));
  read_until(x.output, "cleaned\n");
  CHECK(exit_code(x) == 3);
}

TEST_CASE("a hang-up reaches the program as one, and then it has its grace",
          "[command-line][signals]") {
  shell sh;
  auto x = sh.start({"--", "sh", "-c",
                     "trap 'echo terminated; exit 4' TERM; "
                     "trap 'echo gone; left=9' HUP; left=1000; echo up; "
                     "while [ $left -gt 0 ]; do sleep 0.02; "
                     "left=$((left-1)); done; echo cleaned; exit 3"});
  read_until(x.output, "up\n");
  REQUIRE(x.process.signal(signal_name::hangup));
  read_until(x.output, "gone\n");
  CHECK_THAT(read_until(x.output, "cleaned\n"), !Catch::Contains("terminated"));
  CHECK(exit_code(x) == 3);
}

TEST_CASE("a later request to end kills the program",
          "[command-line][signals]") {
  shell sh;
  auto x = sh.start({"--grace", "1000", "--", "sh", "-c",
                     "trap '' TERM; echo up; while :; do sleep 0.02; done"});
  read_until(x.output, "up\n");
  for (auto i = 0; i < 1000 && !x.process.has_exited(); ++i) {
    x.process.signal(signal_name::terminate);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  CHECK(exit_code(x) == 137);
}

TEST_CASE("signals that run is to ignore do not reach the program",
          "[command-line][signals]") {
  shell sh;
  auto result = sh.script("trap '' HUP; $P run -- sh -c 'kill -HUP $PPID; "
                          "echo lives'");
  CHECK(result.out == "lives\n");
  CHECK(shell_code(result.status) == 0);
}

TEST_CASE("a reader that takes nothing does not keep run from ending",
          "[command-line][output]") {
  shell sh;
  auto x = sh.start({"--timeout", "0.3", "--", "yes"});
  // x.output is not read.
  CHECK(exit_code(x) == 124);
}

TEST_CASE("run is as patient as the grace while its output is taken",
          "[command-line][ending]") {
  shell sh;
  // A descendant holds the output open for longer than a write may wait.
  auto result = sh.script(
    "pid=$($P run --timeout 0.4 --grace 3 -- sh -c '(trap \"\" TERM; "
    "exec sh -c \"echo \\$\\$; exec sleep 43\") & wait'); code=$?; "
    "echo $pid; grep -s State:.[^ZX] /proc/$pid/status; exit $code");
  CHECK(shell_code(result.status) == 124);
  CHECK(result.err.empty());
  // Only the number came: none of its processes is left.
  CHECK(std::stol(result.out) > 0);
  CHECK(result.out.find('\n') == result.out.size() - 1);
}

TEST_CASE("a reader that is slow but takes something is waited for",
          "[command-line][output]") {
  shell sh;
  // It takes less than one write for longer than a write may wait.
  auto result = sh.script(
    "{ $P run --timeout 0.5 -- cat /dev/zero; echo $? >&2; } | "
    "{ for i in $(seq 50); do dd bs=1000 count=1 status=none; sleep 0.08; "
    "done; cat; } >/dev/null");
  CHECK(result.err == "124\n");
}

TEST_CASE("a slow reader gets everything", "[command-line][output]") {
  shell sh;
  auto result = sh.script("$P run -- head -c 3000000 /dev/zero | "
                          "dd bs=1000 status=none | wc -c");
  CHECK(result.out == "3000000\n");
}

TEST_CASE("an input that cannot be read is not taken for its end",
          "[command-line][input]") {
  shell sh;
  auto result = sh.script("$P run -- cat < /");
  CHECK(shell_code(result.status) == 125);
  CHECK_THAT(result.err, Catch::Contains("cannot read the input"));
}

TEST_CASE("run ends although its parent ignores the end of children",
          "[command-line][ending]") {
  shell sh;
  auto result = sh.script(
    "trap '' CHLD; exec $P run -- sh -c 'echo hi; exit 3'");
  CHECK(shell_code(result.status) == 3);
  CHECK(result.out == "hi\n");
}
