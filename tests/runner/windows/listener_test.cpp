// The pipe that a runner connects to, tested alone.
#include "../../conformance/world.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/rules/pipe_security.hpp"
#include "procession/platform/win_elevated/runner_listener.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"

#include <catch2/catch.hpp>

#include <aclapi.h>
#include <sddl.h>

#include <chrono>

using namespace procession;
using namespace procession::windows;

namespace {

using result = expected<std::shared_ptr<runner_listener::stream>>;

/// Another SID than ours: the group of all users.
constexpr auto users = "S-1-5-32-545";

std::string own_sid() {
  auto found = own_user_sid();
  REQUIRE(found);
  return *found;
}

unique_handle connect(const std::string& name, DWORD more_access = 0) {
  return unique_handle{::CreateFileW(
    to_wide_path(name).c_str(), FILE_READ_DATA | FILE_WRITE_DATA | more_access,
    0, nullptr, OPEN_EXISTING, 0, nullptr)};
}

struct fixture {
  fixture() {
    auto opened = runner_listener::open(where, users);
    REQUIRE(opened);
    listener = std::move(*opened);
  }

  void await(DWORD pid) {
    listener->await(pid, [this](result x) { got.push_back(std::move(x)); });
  }

  /// Runs the reactor until a client got in.
  bool somebody_gets_in() {
    auto due = std::chrono::steady_clock::now() + test::patience;
    while (got.empty() && std::chrono::steady_clock::now() < due)
      where.run_one_until(due);
    return !got.empty() && got.front();
  }

  boost::asio::io_context where;
  std::vector<result> got;
  std::unique_ptr<runner_listener> listener;
};

std::string to_text(PSECURITY_DESCRIPTOR x) {
  wchar_t* text = nullptr;
  REQUIRE(::ConvertSecurityDescriptorToStringSecurityDescriptorW(
    x, SDDL_REVISION_1, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
    &text, nullptr));
  std::wstring result{text};
  ::LocalFree(text);
  return {result.begin(), result.end()};
}

/// Returns a descriptor in the system's own form.
std::string normalised(const std::string& text) {
  PSECURITY_DESCRIPTOR x = nullptr;
  REQUIRE(::ConvertStringSecurityDescriptorToSecurityDescriptorW(
    to_wide_path(text).c_str(), SDDL_REVISION_1, &x, nullptr));
  auto result = to_text(x);
  ::LocalFree(x);
  return result;
}

} // namespace

TEST_CASE(
  "the system keeps for a runner's pipe exactly the access it was given",
  "[windows][runner]") {
  fixture f;
  auto client = connect(f.listener->name(), READ_CONTROL);
  REQUIRE(client);
  PSECURITY_DESCRIPTOR found = nullptr;
  REQUIRE(
    ::GetSecurityInfo(client.get(), SE_KERNEL_OBJECT,
                      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                      nullptr, nullptr, nullptr, nullptr, &found)
    == ERROR_SUCCESS);
  auto text = to_text(found);
  ::LocalFree(found);
  CHECK(text == normalised(pipe_security(own_sid(), users)));
}

TEST_CASE("a third user is refused at a runner's pipe", "[windows][runner]") {
  PROCESSION_NEEDS(pipe_access);
  fixture f;
  f.await(::GetCurrentProcessId());
  REQUIRE(::ImpersonateAnonymousToken(::GetCurrentThread()));
  auto client = connect(f.listener->name());
  auto os_code = ::GetLastError();
  REQUIRE(::RevertToSelf());
  CHECK_FALSE(client);
  CHECK(os_code == ERROR_ACCESS_DENIED);
}

TEST_CASE(
  "a runner's pipe has a name of its own that no other process can take",
  "[windows][runner]") {
  fixture f;
  fixture g;
  CHECK(f.listener->name() != g.listener->name());
  CHECK(is_local_pipe_name(f.listener->name()));
  // On Windows the access list refuses it; under Wine only the number of
  // instances does.
  unique_handle other{::CreateNamedPipeW(
    to_wide_path(f.listener->name()).c_str(), PIPE_ACCESS_DUPLEX,
    PIPE_TYPE_BYTE, 1, 4096, 4096, 0, nullptr)};
  CHECK_FALSE(other);
}

TEST_CASE("a client that connects early gets in at a runner's pipe",
          "[windows][runner]") {
  fixture f;
  auto client = connect(f.listener->name());
  REQUIRE(client);
  f.await(::GetCurrentProcessId());
  CHECK(f.got.empty());
  CHECK(f.somebody_gets_in());
}

TEST_CASE("a process that is not awaited is turned away at a runner's pipe, "
          "time and again",
          "[windows][runner]") {
  fixture f;
  // A client that is gone again before it was seen.
  REQUIRE(connect(f.listener->name()));
  // Number 4 is the system itself.
  f.await(4);
  REQUIRE(f.where.run_one_for(test::patience) == 1);
  for (auto i = 0; i < 3; ++i) {
    auto client = connect(f.listener->name());
    REQUIRE(client);
    REQUIRE(f.where.run_one_for(test::patience) == 1);
    char byte = 0;
    DWORD n = 0;
    CHECK_FALSE(::ReadFile(client.get(), &byte, 1, &n, nullptr));
  }
  CHECK(f.got.empty());
}

TEST_CASE("a destroyed listener calls no handler and leaves no pipe",
          "[windows][runner]") {
  fixture f;
  auto name = f.listener->name();
  f.await(::GetCurrentProcessId());
  f.listener.reset();
  f.where.run();
  CHECK(f.got.empty());
  CHECK_FALSE(connect(name));
}
