#include "cli.hpp"

#include "procession/platform/posix/fd.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <termios.h>

#include <chrono>
#include <string>
#include <thread>

using namespace procession;
using namespace procession::test;

namespace {

/// A shell with job control on a terminal.
struct terminal {
  shell sh;
  spawned_process x = sh.start_bash();
  /// Output that was not looked at yet.
  std::string rest;

  terminal() {
    type("stty -echo; PS1='at your ''service> '\n");
    prompt();
  }

  /// Waits until the shell has the terminal: earlier keys may be read by a
  /// program that is about to end.
  void prompt() {
    see("at your service> ");
  }

  void type(const std::string& keys) {
    REQUIRE(x.process.write(keys));
  }

  /// Waits for a text. @returns the output up to and with it.
  std::string see(const std::string& text) {
    if (rest.find(text) == std::string::npos)
      rest += read_until(x.output, text);
    auto end = rest.find(text) + text.size();
    auto result = rest.substr(0, end);
    rest.erase(0, end);
    return result;
  }

  /// Runs a command that ends. @returns its output.
  std::string ask(const std::string& command) {
    type("echo '<'; " + command + "; echo '>'\n");
    see("<\r\n");
    auto result = see(">\r\n");
    prompt();
    return result.substr(0, result.size() - 3);
  }
};

/// Returns the state of a process as in proc(5).
std::string state_of(terminal& t, const std::string& pid) {
  return t.ask("grep -o 'State:.[A-Z]' /proc/" + pid + "/status");
}

/// Waits until a process is in that state.
void await_state(terminal& t, const std::string& pid, char state) {
  for (auto i = 0; i < 1000; ++i)
    if (auto now = state_of(t, pid);
        now.find(std::string{"State:\t"} + state) != std::string::npos)
      return;
  FAIL("it never was in state " << state);
}

/// Waits until `run` has made the terminal at `path` raw (the line editor of
/// the shell leaves OPOST): before that it may echo, and end a line by
/// "\r\r\n".
void await_raw(const std::string& path) {
  auto fd = posix::unique_fd{
    ::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC)};
  REQUIRE(fd);
  auto until = std::chrono::steady_clock::now() + soon;
  termios mode{};
  while (::tcgetattr(fd.get(), &mode) == 0 && (mode.c_oflag & OPOST) != 0) {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
}

std::string pid_in(const std::string& text) {
  auto begin = text.rfind("pid=") + 4;
  return text.substr(begin, text.find('.', begin) - begin);
}

} // namespace

TEST_CASE("a program that stops itself stops run, and fg continues both",
          "[command-line][signals]") {
  terminal t;
  t.type("$P run --pty -- sh -c 'stty -echo; kill -STOP $$; echo back; "
         "read x; echo got $x; exit 7'\n");
  t.see("Stopped");
  t.prompt();
  // The terminal is the shell's again, in its own mode.
  CHECK_THAT(t.ask("stty -a"), !Catch::Contains("-icanon")
                                 && !Catch::Contains("-opost")
                                 && !Catch::Contains("-isig"));
  t.type("fg\n");
  t.see("back\r\n");
  t.type("a word\r");
  t.see("got a word\r\n");
  t.prompt();
  t.type("echo code=$?\n");
  t.see("code=7\r\n");
}

TEST_CASE("a program in the background goes on and the shell has its terminal",
          "[command-line][signals]") {
  terminal t;
  t.type("$P run --pty -- sh -c 'stty -echo; kill -STOP $$; echo back; "
         "read x; echo got $x; exit 7'\n");
  t.see("Stopped");
  t.prompt();
  t.type("bg\n");
  // With the line's end: bash shows the command, which has the word as well.
  t.see("back\r");
  CHECK(t.ask("echo $((6 * 7))") == "42\r\n");
  CHECK_THAT(t.ask("jobs"), Catch::Contains("Running"));
  CHECK_THAT(t.ask("stty -a"), !Catch::Contains("-icanon"));
  auto path = t.ask("tty");
  t.type("fg\n");
  await_raw(path.substr(0, path.find('\r')));
  t.type("a word\r");
  t.see("got a word\r\n");
  t.prompt();
  t.type("echo code=$?\n");
  t.see("code=7\r\n");
}

TEST_CASE("the suspend key stops a program on pipes together with run",
          "[command-line][signals]") {
  terminal t;
  // It does not start a process: a shell whose child is stopped before its exec
  // is not in state T (vfork(2)).
  t.type("$P run --pipes -- sh -c 'trap \"echo on\" CONT; echo pid=$$.; "
         "while :; do :; done'\n");
  auto pid = pid_in(t.see(".\r\n"));
  t.type("\x1a");
  t.see("Stopped");
  t.prompt();
  await_state(t, pid, 'T');
  t.type("fg\n");
  t.see("on\r\n");
  t.type("\x1a");
  t.see("Stopped");
  t.prompt();
  await_state(t, pid, 'T');
  t.type("bg\n");
  t.see("on\r\n");
  t.type("kill %1; wait %1; echo code=$?\n");
  t.see("code=143\r\n");
}

TEST_CASE("the escape key suspends a program on a terminal",
          "[command-line][signals]") {
  terminal t;
  t.type("$P run --pty -- sh -c 'stty -echo; echo pid=$$.; read x; "
         "echo got $x'\n");
  auto pid = pid_in(t.see(".\r\n"));
  t.type("~\x1a");
  t.see("Stopped");
  t.prompt();
  await_state(t, pid, 'T');
  t.type("fg\n");
  t.type("~~a word\r");
  t.see("got ~a word\r\n");
}

TEST_CASE("a program stopped where nothing could continue run stays stopped, "
          "and the escape key ends it",
          "[command-line][signals]") {
  shell sh;
  auto x = sh.start({"-v", "--", "sh", "-c", "kill -STOP $$; echo never"},
                    pty());
  read_until(x.output, "so we are not stopped");
  REQUIRE(x.process.write("~"));
  REQUIRE(x.process.write("."));
  CHECK(exit_code(x) == 129);
}

TEST_CASE("the escape key twice kills a program that takes nothing",
          "[command-line][input]") {
  shell sh;
  auto x = sh.start({"--grace", "1000", "--", "sh", "-c",
                     "stty raw -echo; trap '' HUP; echo up; "
                     "while :; do sleep 0.02; done"},
                    pty());
  read_until(x.output, "up");
  // More than all buffers on the way hold.
  for (auto i = 0; i < 20; ++i)
    REQUIRE(x.process.write(std::string(100'000, 'x')));
  REQUIRE(x.process.write("\r~?"));
  read_until(x.output, "end the program");
  REQUIRE(x.process.write("~.~."));
  CHECK(exit_code(x) == 137);
}

TEST_CASE("the escape key can be changed or switched off",
          "[command-line][input]") {
  shell sh;
  auto key = GENERATE(as<std::string>{}, "none", "^]");
  auto x = sh.start({"--escape", key, "--", "sh", "-c",
                     "stty -echo; echo up; read x; echo got $x; exec sleep "
                     "100"},
                    pty());
  read_until(x.output, "up\r\n");
  REQUIRE(x.process.write("~.\r"));
  read_until(x.output, "got ~.\r\n");
  if (key == "none") {
    REQUIRE(x.process.write("\x03"));
    CHECK(exit_code(x) == 130);
  } else {
    REQUIRE(x.process.write("\x1d."));
    CHECK(exit_code(x) == 129);
  }
}

TEST_CASE("an invalid escape key is bad usage", "[command-line][input]") {
  shell sh;
  auto name = GENERATE(as<std::string>{}, "", "ab", "^M", "nothing");
  auto result = sh.cli({"run", "--escape", name, "--", "true"});
  CHECK(shell_code(result.status) == 2);
  CHECK_THAT(result.err, Catch::Contains("--escape"));
}
