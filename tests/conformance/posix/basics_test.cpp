#include "../world.hpp"
#include "public_directory.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <utility>
#include <vector>

using namespace procession;
using namespace procession::test;

namespace {

/// Ignores signals during its lifetime.
class ignored_signals {
public:
  ignored_signals(std::initializer_list<int> which) {
    for (auto x : which)
      before_.emplace_back(x, std::signal(x, SIG_IGN));
  }

  ignored_signals(const ignored_signals&) = delete;
  ignored_signals& operator=(const ignored_signals&) = delete;

  ~ignored_signals() {
    for (auto& [which, action] : before_)
      std::signal(which, action);
  }

private:
  std::vector<std::pair<int, void (*)(int)>> before_;
};

/// Returns the path of our own standard input.
std::string own_input() {
  return std::filesystem::read_symlink("/proc/self/fd/0").string();
}

} // namespace

TEST_CASE("a program may share the input of the process that spawns",
          "[input]") {
  auto where = GENERATE(from_range(backends()));
  world w{where};
  auto stdio = GENERATE(pipes(), merged(), pty());
  stdio.input = stdin_kind::inherit;
  auto spec = shell("readlink /proc/self/fd/0; tty <&1; "
                    "read x </dev/tty 2>/dev/null",
                    stdio);
  if (where.name.find("runner") != std::string::npos) {
    // A runner's own input is its channel.
    CHECK(is(w.refusal(spec), errc::invalid_argument));
    return;
  }
  auto hdl = w.spawn(spec);
  // A session with a terminal can type on it; the others have no input.
  auto written = w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x\n"});
  CHECK(static_cast<bool>(written) == (stdio.kind == stdio_kind::pty));
  listener events{w, hdl};
  REQUIRE(events.until_closed());
  CHECK_THAT(events.out, Catch::Contains(own_input()));
  CHECK((events.out.find("not a tty") != std::string::npos)
        == (stdio.kind != stdio_kind::pty));
}

TEST_CASE("a script that names no interpreter is run by the shell", "[start]") {
  world w{GENERATE(from_range(backends()))};
  public_directory place;
  auto script = place.path() / "script";
  std::ofstream{script} << "echo \"$0: $# arguments, $2\"; exit 3\n";
  std::filesystem::permissions(script, std::filesystem::perms{0755});
  auto by_path = w.run(program(script.string(), {"one", "t wo"}));
  CHECK(by_path.out == script.string() + ": 2 arguments, t wo\n");
  CHECK(by_path.status.code == 3);
  auto spec = program("script", {"one", "t wo"});
  spec.argv0 = "another name";
  spec.env.set["PATH"] = "/nowhere:" + place.path().string();
  CHECK(w.run(spec).out == by_path.out);
}

TEST_CASE("a session knows the pid, which leads a session of its own",
          "[session]") {
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

TEST_CASE("input, environment, directory and argv[0] arrive as given",
          "[start][input]") {
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

TEST_CASE("no descriptor but the standard streams reaches the child",
          "[start]") {
  world w{GENERATE(from_range(backends()))};
  // Not close-on-exec, as some hosts leave theirs.
  auto leaky = ::dup(1);
  auto result = w.run(shell("ls /proc/self/fd"));
  ::close(leaky);
  // The fourth is the one by which ls reads the directory.
  CHECK(result.out == "0\n1\n2\n3\n");
}

TEST_CASE("a notification descriptor is one more, and there is no other",
          "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("ls /proc/self/fd");
  spec.notification_fd = 9;
  CHECK(w.run(spec).out == "0\n1\n2\n3\n9\n");
  spec.notification_fd = 3;
  CHECK(w.run(spec).out == "0\n1\n2\n3\n4\n");
  spec.stdio = pty();
  CHECK(w.run(spec).out == "0  1  2  3  4\r\n");
}

TEST_CASE("a program says that it is ready by a line to its descriptor",
          "[session]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = shell("printf starting >&7; read x; echo >&7; exec 7>&-; cat");
  spec.notification_fd = 7;
  auto hdl = w.spawn(spec);
  w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"go\n"});
  CHECK_FALSE(w.tell(hdl, ready_atom_v));
  CHECK(w.info(hdl).state == session_state::running);

  SECTION("which counts though it ends at once") {
    spec = shell("echo ready >&7");
    spec.notification_fd = 7;
    auto quick = w.spawn(spec);
    w.ask<exit_status>(quick, wait_atom_v);
    CHECK_FALSE(w.tell(quick, ready_atom_v));
  }
  SECTION("and by nothing else") {
    spec = shell("printf ready >&7; echo ready");
    spec.notification_fd = 7;
    auto silent = w.spawn(spec);
    CHECK(is(w.tell(silent, ready_atom_v), errc::already_exited));
  }
}

TEST_CASE("a child starts with no signal ignored or blocked",
          "[start][signals]") {
  ignored_signals before{SIGUSR1, SIGRTMIN + 5, SIGRTMAX};
  world w{GENERATE(from_range(backends()))};
  auto result = w.run(
    program("grep", {"-E", "^Sig(Blk|Ign)", "/proc/self/status"}));
  auto none = std::string(16, '0');
  CHECK(result.out == "SigBlk:\t" + none + "\nSigIgn:\t" + none + "\n");
}

TEST_CASE("a child that an error of its own ends tells the signal",
          "[ending][signals]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto result = w.run(shell("kill -TERM $$", {kind, {}}));
  CHECK(result.status.cause == exit_cause::signaled);
  CHECK(result.status.signal == 15);
  CHECK(shell_code(result.status) == 143);
  CHECK_FALSE(result.status.by_request);
}

TEST_CASE("a command restricted by SIDs is refused on a system without SIDs",
          "[start]") {
  world w{GENERATE(from_range(backends()))};
  auto spec = program("true");
  spec.restricted = {{"S-1-1-0"}};
  auto why = w.refusal(spec);
  CHECK(is(why, errc::invalid_argument));
  CHECK(detail_of(why).at == stage::validate);
}
