// How a runner starts on Windows, and everything that can go wrong on the way.
#include "../../conformance/windows/processes.hpp"
#include "../runner_world.hpp"

#include "procession/platform/win_elevated/runner_launcher.hpp"
#include "procession/platform/windows/pipes.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/runner/channel/frame.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

using windows::unique_handle;

namespace {

/// Returns options for a runner that misbehaves; the words of
/// tests/helpers/windows/fake_runner.cpp.
runner_options fake(const std::string& how) {
  ::SetEnvironmentVariableW(L"PROCESSION_FAKE_RUNNER",
                            windows::to_wide_path(how).c_str());
  runner_options result;
  result.program = helper_path("test-fake_runner");
  return result;
}

/// Connects as a client that the pipe's owner does not expect.
unique_handle open_pipe(const std::string& name) {
  return unique_handle{::CreateFileW(windows::to_wide_path(name).c_str(),
                                     FILE_READ_DATA | FILE_WRITE_DATA, 0,
                                     nullptr, OPEN_EXISTING, 0, nullptr)};
}

/// The place where a runner waits if it was told to.
class gate {
public:
  gate()
    : file_(fs::temp_directory_path()
            / ("procession-gate-" + std::to_string(own_pid()))),
      ready_(make(L".ready")), go_(make(L".go")) {
    // nop
  }

  ~gate() {
    std::error_code ec;
    fs::remove(file_, ec);
  }

  std::string file() const {
    return file_.string();
  }

  /// Waits until the runner has arrived. @returns the name of the pipe.
  std::string wait() const {
    REQUIRE(::WaitForSingleObject(ready_.get(), 30'000) == WAIT_OBJECT_0);
    std::string result;
    std::getline(std::ifstream{file_}, result);
    return result;
  }

  void open() const {
    ::SetEvent(go_.get());
  }

private:
  unique_handle make(const wchar_t* ending) const {
    auto name = file_.filename().wstring() + ending;
    return unique_handle{::CreateEventW(nullptr, TRUE, FALSE, name.c_str())};
  }

  fs::path file_;
  unique_handle ready_;
  unique_handle go_;
};

/// A real runner that is started by hand and runs to its end.
struct stray_runner {
  stray_runner(const std::string& name, const std::string& input) {
    HANDLE ends[2] = {};
    REQUIRE(::CreatePipe(&ends[0], &ends[1], nullptr, 0));
    unique_handle in{ends[0]};
    unique_handle told{ends[1]};
    DWORD n = 0;
    REQUIRE(::WriteFile(told.get(), input.data(),
                        static_cast<DWORD>(input.size()), &n, nullptr));
    REQUIRE(::CreatePipe(&ends[0], &ends[1], nullptr, 0));
    unique_handle said{ends[0]};
    unique_handle out{ends[1]};
    for (auto* x : {&in, &out})
      ::SetHandleInformation(x->get(), HANDLE_FLAG_INHERIT,
                             HANDLE_FLAG_INHERIT);
    windows::runner_command what;
    what.path = windows::to_wide_path(runner_path());
    what.command_line = windows::to_wide_path("runner --connect " + name);
    what.in = in.get();
    what.out = what.err = out.get();
    auto made = windows::make_plain_launcher()->launch(what);
    REQUIRE(made);
    auto& runner = *made;
    out.reset();
    char bytes[1024];
    while (::ReadFile(said.get(), bytes, sizeof(bytes), &n, nullptr))
      text.append(bytes, n);
    REQUIRE(::WaitForSingleObject(runner.process.get(), 30'000)
            == WAIT_OBJECT_0);
    ::GetExitCodeProcess(runner.process.get(), &code);
  }

  DWORD code = 0;
  std::string text;
};

} // namespace

TEST_CASE("a runner says who it is, and counts its sessions, on Windows",
          "[windows][runner]") {
  runner_world there{{}};
  auto hdl = check_introduction(there, actor({"cat"}));
  CHECK_FALSE(there.info().user.empty());
  CHECK(there.w.info(hdl).containment == containment_kind::job);
  REQUIRE(
    there.w.ask<exit_status>(hdl, terminate_atom_v, caf::timespan::zero()));
}

TEST_CASE("a runner that ends before it connects is an error with its exit "
          "code and its last words, at once",
          "[windows][runner]") {
  auto begin = std::chrono::steady_clock::now();
  runner_world there{fake("die")};
  auto why = there.w.refusal(actor({}));
  CHECK(is(why, errc::runner_failed));
  CHECK(detail_of(why).at == stage::connect);
  CHECK(contains(describe(why), "exit code 7"));
  CHECK(contains(describe(why), "cannot do that"));
  CHECK(describe(there.up()) == describe(why));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE(
  "a runner that cannot be launched is an error with its stage, on Windows",
  "[windows][runner]") {
  runner_options options;
  SECTION("no such program") {
    options.program = "C:\\nowhere\\runner.exe";
    check_failure(options, errc::program_not_found, stage::exec,
                  "the runner was not started");
  }
  SECTION("a user and a command line") {
    options.user = "somebody";
    options.command = {"cmd.exe"};
    runner_world there{options};
    CHECK(is(there.up(), errc::invalid_argument));
  }
}

TEST_CASE("every stage of a runner has a deadline, on Windows",
          "[windows][runner]") {
  SECTION("connect") {
    auto options = fake("idle");
    options.connect_timeout = 100ms;
    check_failure(options, errc::runner_failed, stage::connect,
                  "did not connect within 100 ms");
  }
  SECTION("hello") {
    auto options = fake("mute");
    options.hello_timeout = 100ms;
    check_failure(options, errc::runner_failed, stage::hello,
                  "no hello within 100 ms");
  }
}

TEST_CASE(
  "a program that is not a runner is recognised by its output, on Windows",
  "[windows][runner]") {
  SECTION("at the pipe") {
    check_failure(fake("say Welcome to this machine, stranger!"),
                  errc::protocol_violation, stage::hello,
                  "Welcome to this machine");
  }
  SECTION("on the streams of a command line") {
    runner_options options;
    options.command = {helper_path("test-actor"), "out", "Go away.\\n"};
    runner_world there{options};
    CHECK(describe(there.up())
          == "protocol_violation at hello: it does not begin with a hello of "
             "version "
               + std::to_string(protocol_version) + " but with \"Go away..\"");
  }
}

TEST_CASE("a command line that starts no runner is an error that says why",
          "[windows][runner]") {
  runner_options options;
  SECTION("it ends with a word on its error output") {
    options.command = {helper_path("test-actor"), "err", "no way", "exit", "3"};
    runner_world there{options};
    auto why = there.up();
    CHECK(is(why, errc::runner_failed));
    CHECK(contains(describe(why), "exit code 3"));
    CHECK(contains(describe(why), "\"no way\""));
  }
  SECTION("it is our own runner, which wants a pipe") {
    options.command = {runner_path(), "--stdio"};
    runner_world there{options};
    auto why = there.up();
    CHECK(is(why, errc::runner_failed));
    CHECK(contains(describe(why), "the channel is a named pipe"));
  }
}

TEST_CASE("a runner of another version, or that does not know its nonce, is "
          "turned down",
          "[windows][runner]") {
  SECTION("version") {
    check_failure(fake("hello 99"), errc::protocol_violation, stage::hello,
                  "speaks version 99");
  }
  SECTION("nonce") {
    runner_world there{fake("nonce guessed")};
    auto why = there.up();
    CHECK(is(why, errc::protocol_violation));
    CHECK(contains(describe(why), "does not know what it was told"));
  }
}

TEST_CASE("only the process that was started is let in at the pipe",
          "[windows][runner]") {
  gate door;
  runner_world there{fake("gate " + door.file())};
  auto name = door.wait();
  REQUIRE_FALSE(name.empty());
  {
    // We are not the runner, so we can connect but get nothing.
    auto intruder = open_pipe(name);
    REQUIRE(intruder);
    char byte = 0;
    DWORD n = 0;
    CHECK_FALSE(::ReadFile(intruder.get(), &byte, 1, &n, nullptr));
    CHECK(n == 0);
    // Even while we are connected the right one gets in.
    door.open();
    CHECK_FALSE(there.up());
  }
  CHECK(there.info().user == "fake");
  // A second client is refused.
  auto second = open_pipe(name);
  auto os_code = ::GetLastError();
  CHECK_FALSE(second);
  CHECK(os_code == ERROR_PIPE_BUSY);
}

TEST_CASE("a runner that is not told where to connect says so",
          "[windows][runner]") {
  SECTION("a name that is not a local pipe") {
    stray_runner x{"C:\\somewhere", ""};
    CHECK(x.code == 1);
    CHECK(contains(x.text, "is not a local pipe"));
  }
  SECTION("no such pipe") {
    stray_runner x{"\\\\.\\pipe\\procession-nowhere", ""};
    CHECK(x.code == 1);
    CHECK(contains(x.text, "cannot be connected to"));
  }
  SECTION("the pipe of somebody else than its parent") {
    auto name = "\\\\.\\pipe\\procession-test-" + std::to_string(own_pid());
    unique_handle pipe{::CreateNamedPipeW(windows::to_wide_path(name).c_str(),
                                          PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1,
                                          4096, 4096, 0, nullptr)};
    REQUIRE(pipe);
    stray_runner x{name, "nonce\n4\n"};
    CHECK(x.code == 1);
    CHECK(contains(x.text, "is not our parent's"));
  }
}

TEST_CASE("the sessions of a runner do not see its secret",
          "[windows][runner]") {
  runner_world there;
  REQUIRE_FALSE(there.up());
  CHECK(there.w.run(actor({"env", "PROCESSION_RUNNER_NONCE"})).out == "none\n");
  auto result = there.w.run(actor({"cat"}, pipes(stdin_kind::null)));
  CHECK(success(result.status));
  CHECK(result.out.empty());
}

TEST_CASE("runners leave no handle in their host", "[windows][runner]") {
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  auto rounds = [&](int n) {
    for (auto i = 0; i < n; ++i) {
      auto node = start_runner(sys, rt, {});
      CHECK(run(self, make_spawner(sys, node), actor({})));
      self->request(node.actor(), patience, stop_atom_v)
        .receive([](runner_info&) {},
                 [&](caf::error& x) { FAIL(describe(x)); });
    }
  };
  rounds(5);
  auto before = own_handles();
  rounds(20);
  // A thread of CAF or Windows may come or go meanwhile.
  CHECK(own_handles() < before + 10);
}
