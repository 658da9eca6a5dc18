// Runners as a sandbox user.
#include "../runner_world.hpp"

#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/rules/sandbox_plan.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns why no sandbox user can be used; empty if one can.
std::optional<std::string> no_sandbox_user() {
  if (windows::running_under_wine())
    return "Wine 8 knows no logons";
  auto stored = windows::make_protected_file_store()->list();
  if (!stored
      || std::count(stored->begin(), stored->end(),
                    windows::sandbox_user_name(1))
           == 0)
    return "there is no sandbox; run procession sandbox setup, elevated";
  return std::nullopt;
}

runner_options as_sandbox_user() {
  runner_options result;
  result.user = windows::sandbox_user_name(1);
  return result;
}

} // namespace

#define PROCESSION_NEEDS_SANDBOX                                               \
  if (auto why = no_sandbox_user()) {                                          \
    WARN("skipped here: " << *why);                                            \
    return;                                                                    \
  }                                                                            \
  static_assert(true)

TEST_CASE("a runner is the sandbox user, and so are its programs",
          "[windows][runner]") {
  PROCESSION_NEEDS_SANDBOX;
  runner_world x{as_sandbox_user()};
  auto why = x.up();
  UNSCOPED_INFO(describe(why));
  REQUIRE_FALSE(why);
  CHECK(x.info().user == windows::sandbox_user_name(1));
  auto kind = GENERATE(stdio_kind::pipes, stdio_kind::pty);
  auto result = x.w.run(program("whoami.exe", {}, {kind, {}}));
  CHECK(success(result.status));
  CHECK(result.out.find("processionsandbox1") != std::string::npos);
}

TEST_CASE("a sandbox user's restricted program runs, on its desktop too",
          "[windows][runner]") {
  PROCESSION_NEEDS_SANDBOX;
  runner_world x{as_sandbox_user()};
  REQUIRE_FALSE(x.up());
  // PowerShell loads user32.dll, which needs a desktop.
  auto spec = program("powershell.exe",
                      {"-NoProfile", "-Command", "'a' + 'b'"});
  spec.restricted = {{"S-1-5-21-11-22-33-1001"}};
  auto result = x.w.run(spec);
  CHECK(success(result.status));
  CHECK(result.out == "ab\r\n");
}
