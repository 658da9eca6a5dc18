#include "../runner_world.hpp"

#include "../../public_programs.hpp"

#include "procession/actors/common/waiters.hpp"

#include <catch2/catch.hpp>

#include <caf/after.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// Returns options for a runner that is a shell script; `$1` is the path of the
/// real one.
runner_options scripted(std::string script) {
  runner_options result;
  result.command = {"/bin/sh", "-c", std::move(script), "sh", runner_path()};
  return result;
}

/// A directory of this test, removed by the destructor.
class scratch {
public:
  scratch() {
    auto name = (fs::temp_directory_path() / "runner-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }

  ~scratch() {
    fs::remove_all(path);
  }

  fs::path path;
};

/// Writes a shell script. @returns its path.
std::string write_script(const fs::path& where, const std::string& text) {
  {
    std::ofstream file{where};
    file << "#!/bin/sh\n" << text << '\n';
  }
  fs::permissions(where, fs::perms::owner_all);
  return where;
}

} // namespace

TEST_CASE("a runner says who it is, and counts its sessions",
          "[runner][start]") {
  runner_world there{{}};
  auto hdl = check_introduction(there, program("cat"));
  REQUIRE(there.w.ask<exit_status>(hdl, terminate_atom_v));
}

TEST_CASE("sessions wait for a runner that takes its time", "[runner][start]") {
  scratch here;
  auto fifo = here.path / "go";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  auto options = scripted("read go < " + fifo.string() + "; exec $1 --stdio");
  runner_world there{options};
  caf::scoped_actor early{there.w.sys};
  early->send(there.w.where, spawn_atom_v, program("true"));
  std::ofstream{fifo} << "go\n";
  auto started = false;
  early->receive([&](session&) { started = true; },
                 caf::after(patience) >> [] {});
  CHECK(started);
  REQUIRE_FALSE(there.up());
  CHECK(success(there.w.run(program("true")).status));
}

TEST_CASE("sessions that wait for a runner are limited", "[runner][limits]") {
  runner_world there{scripted("exec sleep 1000")};
  caf::scoped_actor crowd{there.w.sys};
  for (std::size_t i = 0; i < max_waiting; ++i)
    crowd->request(there.hdl(), patience, wait_atom_v);
  CHECK(is(there.up(), errc::busy));
}

TEST_CASE(
  "a runner that ends before it speaks is an error with its exit code, at once",
  "[runner][start]") {
  auto begin = std::chrono::steady_clock::now();
  SECTION("by itself") {
    runner_world there{scripted("echo cannot do that >&2; exit 7")};
    auto why = there.w.refusal(program("true"));
    CHECK(is(why, errc::runner_failed));
    CHECK(contains(describe(why), "exit code 7"));
    CHECK(contains(describe(why), "\"cannot do that\""));
    CHECK(describe(there.up()) == describe(why));
  }
  SECTION("by a signal") {
    runner_world there{scripted("kill -KILL $$")};
    CHECK(describe(there.up())
          == "runner_failed at hello: the runner ended: killed by signal 9 "
             "(Killed)");
  }
  SECTION("instead of the runner's program") {
    runner_options options;
    options.program = "/bin/false";
    runner_world there{options};
    auto why = there.up();
    CHECK(detail_of(why).at == stage::hello);
    CHECK(contains(describe(why), "exit code 1"));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
}

TEST_CASE("a runner that cannot be launched is an error with its stage",
          "[runner][start]") {
  runner_options options;
  SECTION("no such program") {
    options.program = "/nowhere/runner";
    check_failure(options, errc::program_not_found, stage::exec,
                  "the runner was not started");
  }
  SECTION("no such user") {
    options.user = "nobody-of-that-name";
    check_failure(options, errc::no_such_user, stage::logon);
  }
  SECTION("a user and a command line") {
    options.user = "nobody";
    options.command = {"true"};
    runner_world there{options};
    CHECK(is(there.up(), errc::invalid_argument));
  }
  SECTION("and every later spawn fails like the first") {
    options.program = "/nowhere/runner";
    runner_world there{options};
    for (auto i = 0; i < 3; ++i)
      CHECK(is(there.w.refusal(program("true")), errc::program_not_found));
  }
}

TEST_CASE("the start of a runner up to its hello has a deadline",
          "[runner][start]") {
  runner_options options;
  scratch here;
  SECTION("of a program in place of the runner") {
    options.program = write_script(here.path / "idle", "exec sleep 1000");
    options.hello_timeout = 100ms;
  }
  SECTION("of a command line, which has the time to connect as well") {
    options = scripted("exec sleep 1000");
    options.connect_timeout = 40ms;
    options.hello_timeout = 60ms;
  }
  check_failure(options, errc::runner_failed, stage::hello, "within 100 ms");
}

TEST_CASE("a program that is not a runner is recognised by its output",
          "[runner][protocol]") {
  check_failure(scripted("echo Welcome to this machine, stranger!; "
                         "exec sleep 1000"),
                errc::protocol_violation, stage::hello,
                "Welcome to this machine");
}

TEST_CASE("a short message instead of a hello is quoted",
          "[runner][protocol]") {
  runner_world there{scripted("echo Go away.")};
  CHECK(describe(there.up())
        == "protocol_violation at hello: it does not begin with a hello of "
           "version 4 but with \"Go away..\"");
}

TEST_CASE("a runner as another user is that user, and stays it",
          "[runner][start]") {
  if (::geteuid() != 0) {
    WARN("only root becomes somebody else");
    return;
  }
  runner_options options;
  options.user = "nobody";
  runner_world there{options};
  REQUIRE_FALSE(there.up());
  CHECK(there.info().user == "nobody");
  auto tell = [&](std::string script) {
    return there.w.run(shell(std::move(script))).out;
  };
  CHECK(contains(tell("id"), "uid=65534(nobody)"));
  CHECK(tell("id -u; id -G") == "65534\n65534\n");
  CHECK(tell("echo $USER $LOGNAME; pwd") == "nobody nobody\n/\n");
  CHECK(tell("grep NoNewPrivs /proc/self/status") == "NoNewPrivs:\t1\n");
  CHECK(tell("grep CapEff /proc/self/status") == "CapEff:\t0000000000000000\n");
  CHECK(tell("cat /etc/shadow 2>/dev/null").empty());
  CHECK(tell("echo ${PROCESSION_RUNNER_NONCE-unset}") == "unset\n");
}

TEST_CASE("a runner may lie where its user cannot go", "[runner][start]") {
  if (::geteuid() != 0) {
    WARN("only root becomes somebody else");
    return;
  }
  // Of mode 0700, as a home directory may be.
  scratch here;
  runner_options options;
  options.user = "nobody";
  options.program = here.path / "runner";
  fs::copy_file(runner_path(), options.program);
  SECTION("but it may execute the program") {
    runner_world there{options};
    REQUIRE_FALSE(there.up());
    CHECK(there.info().user == "nobody");
    CHECK(there.w.run(shell("id -u")).out == "65534\n");
  }
  SECTION("and it may not execute the program either") {
    fs::permissions(options.program, fs::perms{0700});
    runner_world there{options};
    auto why = there.up();
    CHECK(is(why, errc::not_executable));
    CHECK(contains(describe(why), "cannot be executed by the user nobody"));
  }
}

TEST_CASE("a runner without root cannot become another user",
          "[runner][start]") {
  if (::geteuid() != 0) {
    runner_options options;
    options.user = "root";
    runner_world there{options};
    CHECK(is(there.up(), errc::not_permitted));
    return;
  }
  // In a runner as nobody, which starts a runner as root.
  runner_options options;
  options.user = "nobody";
  options.program = public_program("procession-runner");
  runner_world there{options};
  REQUIRE_FALSE(there.up());
  auto result = there.w.run(program(public_program("procession"),
                                    {"run", "--as", "root", "--", "true"}));
  CHECK(result.status.code == 125);
  CHECK(contains(result.err, "not_permitted at logon"));
}
