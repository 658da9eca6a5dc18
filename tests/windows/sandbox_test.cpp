// The sandbox users, as far as Wine imitates users; on a real Windows this
// would create some.
#include "../texts.hpp"
#include "memory_store.hpp"

#include "procession/platform/win_elevated/rules/password.hpp"
#include "procession/platform/win_elevated/sandbox_accounts.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>

using namespace procession;
using namespace procession::test;
using namespace procession::windows;

namespace {

sandbox_state observe(int users, credential_store& store) {
  auto result = observe_sandbox(users, store);
  if (!result)
    FAIL(to_string(result.error()));
  return std::move(*result);
}

void take(const std::vector<planned_step>& plan, credential_store& store) {
  for (auto& step : plan) {
    CAPTURE(to_string(step.what), step.user);
    auto why = perform(step, store);
    if (why)
      UNSCOPED_INFO(to_string(*why));
    CHECK_FALSE(why);
  }
}

struct ended {
  int code = -1;
  std::string output;
};

/// Runs `procession` with these words, both its outputs in one.
ended run_cli(const std::string& words) {
  auto line = "\"\"" + beside_own_program("procession.exe") + "\" " + words
              + " 2>&1\"";
  auto* pipe = ::_popen(line.c_str(), "rb");
  REQUIRE(pipe != nullptr);
  ended result;
  std::array<char, 4096> room{};
  while (auto n = std::fread(room.data(), 1, room.size(), pipe))
    result.output.append(room.data(), n);
  result.code = ::_pclose(pipe);
  return result;
}

} // namespace

// One test, since a machine has only one sandbox.
TEST_CASE("a sandbox is set up, found and removed, as often as one likes",
          "[windows]") {
  if (!running_under_wine()) {
    WARN("skipped here: it would change the users of this machine");
    return;
  }
  memory_store store;
  take(plan_setup(observe(2, store)), store);
  auto made = observe(0, store);
  REQUIRE(made.users.size() == 2);
  for (auto& user : made.users) {
    CHECK(user.credentials);
    CHECK(user.hidden);
    auto stored = store.load(user.name);
    CHECK(stored->characters().size() == password_length);
  }
  CHECK_FALSE(*store.load(sandbox_user_name(1))
              == *store.load(sandbox_user_name(2)));
  take(plan_setup(made), store);
  take(plan_removal(observe(0, store)), store);
  CHECK(observe(0, store).users.empty());
  take(plan_removal(observe(1, store)), store);

  if (check_elevated()) {
    WARN("skipped here: the command line needs an administrator, and Wine 10 "
         "has none");
    return;
  }
  // The same by the command line, where every call is a process of its own.
  auto status = run_cli("sandbox status");
  CHECK(status.code == 1);
  CHECK(contains(status.output, "incomplete"));
  for (auto i = 0; i < 2; ++i) {
    auto made = run_cli("sandbox setup --users 2");
    INFO(made.output);
    CHECK(made.code == 0);
    CHECK(contains(made.output, "ProcessionSandboxUsers: make the group: "));
    CHECK(contains(made.output, "ProcessionSandbox2: join the group: "));
  }
  status = run_cli("sandbox status --json");
  CHECK(contains(status.output, R"("name":"ProcessionSandbox1")"));
  CHECK(contains(status.output, R"("credentials":true,"hidden":true)"));
  auto removed = run_cli("sandbox remove --json");
  INFO(removed.output);
  CHECK(removed.code == 0);
  CHECK(contains(
    removed.output,
    R"({"step":"forget the credentials","name":"ProcessionSandbox2","outcome":"done"})"));
  status = run_cli("sandbox status --json");
  CHECK(status.code == 1);
  CHECK(contains(status.output, R"("users":[])"));
}

TEST_CASE("the password of a user that is not ours is not changed",
          "[windows]") {
  memory_store store;
  auto why = renew_password("Administrator", store);
  REQUIRE(why);
  CHECK(why->code == errc::not_permitted);
  CHECK(why->detail.at == stage::account);
}

TEST_CASE("procession sandbox is told what to do", "[windows]") {
  CHECK(run_cli("sandbox").code == 2);
  CHECK(run_cli("sandbox frobnicate").code == 2);
  CHECK(run_cli("sandbox setup --users 0").code == 2);
  CHECK(run_cli("sandbox setup --users 10").code == 2);
  CHECK(run_cli("sandbox --help").code == 0);
}

TEST_CASE("a user without credentials is told so by procession run",
          "[windows]") {
  auto ended = run_cli("run --as no-such-user -- cmd /c exit 0");
  INFO(ended.output);
  CHECK(ended.code == 125);
  CHECK(contains(ended.output, "no-such-user"));
}
