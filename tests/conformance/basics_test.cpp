#include "world.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace procession;
using namespace procession::test;

TEST_CASE("a program without input writes exactly its bytes on each stream") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(
    shell("printf 'a\\0b'; printf err >&2; exit 3", pipes_no_stdin()));
  CHECK(result.out == std::string("a\0b", 3));
  CHECK(result.err == "err");
  CHECK(result.complete);
  CHECK(result.status.cause == exit_cause::exited);
  CHECK(result.status.code == 3);
  CHECK(shell_code(result.status) == 3);
}

TEST_CASE("a program reads its input to the end and echoes it") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(program("cat"), "one line\n");
  CHECK(result.out == "one line\n");
  CHECK(success(result.status));
}

TEST_CASE("the same command behaves alike on pipes and on a terminal") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty,
                       stdio_kind::pipes_no_stdin);
  auto hdl = w.spawn(shell("echo marker", {kind, {}}));
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.out.find("marker") != std::string::npos);
  CHECK(events.err.empty());
  CHECK(success(*events.status));
  CHECK(events.end->complete);
  CHECK(w.ask<exit_status>(hdl, wait_atom_v)->code == 0);
}

TEST_CASE("a session knows the pid, which leads a session of its own") {
  world w{GENERATE(from_range(backends()))};
  auto hdl = w.spawn(shell("ps -o pid=,pgid=,sid= -p $$; cat"));
  listener events{w, hdl};
  REQUIRE(events.until_output("\n"));
  auto info = w.info(hdl);
  auto pid = std::to_string(info.pid);
  CHECK(info.pid != ::getpid());
  CHECK(info.state == session_state::running);
  std::istringstream fields{events.out};
  for (auto i = 0; i < 3; ++i) {
    std::string field;
    fields >> field;
    CHECK(field == pid);
  }
}

TEST_CASE("input, environment, directory and argv[0] arrive as given") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("printf '%s|' \"$0\" \"$1\" \"$A\" \"${HOME-none}\" "
                    "\"$(pwd)\"");
  spec.args.insert(spec.args.end(), {"zero", "one two\n\"$x\""});
  spec.argv0 = "another-name";
  spec.cwd = "/usr";
  spec.env.inherit = false;
  spec.env.set = {{"A", "b=c d"}, {"PATH", "/usr/bin:/bin"}};
  auto result = w.run(spec);
  CHECK(result.out == "zero|one two\n\"$x\"|b=c d|none|/usr|");
  CHECK(w.run(program("/bin/sh", {"-c", "ps -o args= -p $$"})).out
        == "/bin/sh -c ps -o args= -p $$\n");
  auto renamed = program("/bin/sh", {"-c", "cat /proc/$$/cmdline; :"});
  renamed.argv0 = "renamed";
  CHECK(w.run(renamed).out.substr(0, 8) == std::string("renamed\0", 8));
}

TEST_CASE("an inherited environment can be changed and thinned") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("echo \"${PATH:+path} ${HOME-none} $EXTRA\"");
  spec.env.set["EXTRA"] = "more";
  spec.env.unset = {"HOME"};
  CHECK(w.run(spec).out == "path none more\n");
}

TEST_CASE("a program is looked up in the PATH that the child will have") {
  world w{GENERATE(from_range(backends()))};
  auto spec = program("true");
  spec.env.set["PATH"] = "/nowhere:/usr/bin:/bin";
  CHECK(success(w.run(spec).status));
  spec.env.set["PATH"] = "/nowhere";
  CHECK(is(w.refusal(spec), errc::program_not_found));
}

TEST_CASE("no descriptor but the standard streams reaches the child") {
  world w{GENERATE(from_range(backends()))};
  // Not close-on-exec: the careless kind that hosts have.
  auto leaky = ::dup(1);
  auto result = w.run(shell("ls /proc/self/fd"));
  ::close(leaky);
  // The fourth is the one that ls reads the directory with.
  CHECK(result.out == "0\n1\n2\n3\n");
}

TEST_CASE("a child starts with no signal ignored or blocked") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(
    program("grep", {"-E", "^Sig(Blk|Ign)", "/proc/self/status"}));
  auto none = std::string(16, '0');
  CHECK(result.out == "SigBlk:\t" + none + "\nSigIgn:\t" + none + "\n");
}

TEST_CASE("a child that an error of its own ends tells the signal") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto result = w.run(shell("kill -TERM $$", {kind, {}}));
  CHECK(result.status.cause == exit_cause::signaled);
  CHECK(result.status.signal == 15);
  CHECK(shell_code(result.status) == 143);
  CHECK_FALSE(result.status.by_request);
}

TEST_CASE("the resources of a process are known when it has ended") {
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(
    program("python3", {"-c", "x = bytearray(256 << 20); sum(range(3000000))"}));
  CHECK(result.status.user_time > caf::timespan::zero());
  CHECK(result.status.peak_memory > 256u << 20);
}
