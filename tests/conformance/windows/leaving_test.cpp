// Sessions leave nothing behind and let nothing through to their children.
#include "processes.hpp"

#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"

#include <catch2/catch.hpp>

using namespace procession;
using namespace procession::test;

using windows::unique_handle;

namespace {

void check_handles(stdio_kind kind) {
  world w{GENERATE(from_range(backends()))};
  auto rounds = [&](int n) {
    for (auto i = 0; i < n; ++i)
      CHECK(success(w.run(actor({"out", "x"}, {kind, {}})).status));
  };
  // After these rounds the runtime and Windows hold what they keep for later.
  rounds(5);
  auto before = own_handles();
  CHECK(before > 0);
  rounds(25);
  // A thread of CAF or Windows may come or go meanwhile.
  CHECK(own_handles() < before + 20);
}

/// Runs the helper program `host` outside of any job, with its output on a
/// pipe.
struct plain_host {
  plain_host() {
    SECURITY_ATTRIBUTES inheritable{sizeof(inheritable), nullptr, TRUE};
    HANDLE read = nullptr;
    HANDLE write = nullptr;
    REQUIRE(::CreatePipe(&read, &write, &inheritable, 0));
    output.reset(read);
    unique_handle theirs{write};
    ::SetHandleInformation(read, HANDLE_FLAG_INHERIT, 0);
    STARTUPINFOW info{};
    info.cb = sizeof(info);
    info.dwFlags = STARTF_USESTDHANDLES;
    info.hStdOutput = write;
    info.hStdError = write;
    PROCESS_INFORMATION made{};
    auto path = windows::to_wide_path(helper_path("test-host"));
    REQUIRE(::CreateProcessW(path.c_str(), nullptr, nullptr, nullptr, TRUE, 0,
                             nullptr, nullptr, &info, &made));
    unique_handle{made.hThread}.reset();
    process.reset(made.hProcess);
  }

  std::string read_line() const {
    std::string result;
    char c = 0;
    DWORD n = 0;
    while (::ReadFile(output.get(), &c, 1, &n, nullptr) && n == 1 && c != '\n')
      result += c;
    return result;
  }

  unique_handle process;
  unique_handle output;
};

} // namespace

TEST_CASE("sessions on pipes leave no handle in their host",
          "[windows][leak]") {
  check_handles(stdio_kind::pipes);
}

TEST_CASE("sessions on terminals leave no handle in their host",
          "[windows][leak]") {
  check_handles(stdio_kind::pty);
}

TEST_CASE("trees end with their host, however that ends", "[windows][ending]") {
  plain_host host;
  auto child = std::stoll(host.read_line());
  auto grandchild = std::stoll(host.read_line());
  CHECK(process_lives(child));
  CHECK(process_lives(grandchild));
  REQUIRE(::TerminateProcess(host.process.get(), 1));
  CHECK(process_gone(child));
  CHECK(process_gone(grandchild));
}

TEST_CASE("a child shows no window, and gets neither our console nor handles",
          "[windows][start]") {
  world w{GENERATE(from_range(backends()))};
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  // Enough of them that a child has no handle of its own with the number of the
  // last.
  SECURITY_ATTRIBUTES inheritable{sizeof(inheritable), nullptr, TRUE};
  std::vector<unique_handle> events(1000);
  for (auto& x : events) {
    x.reset(::CreateEventW(&inheritable, TRUE, FALSE, nullptr));
    REQUIRE(x);
  }
  auto last = reinterpret_cast<std::uintptr_t>(events.back().get());
  auto result = w.run(program(helper_path("test-view"),
                              {std::to_string(own_pid()), std::to_string(last)},
                              {kind, {}}));
  auto seen = without_sequences(result.out);
  CAPTURE(seen);
  CHECK(seen.find("hidden-own-unknown") != std::string::npos);
}
