// How a runner fails to become another user.
#include "memory_store.hpp"

#include "procession/platform/win_elevated/logon_launcher.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

using namespace procession;
using namespace procession::test;
using namespace procession::windows;

namespace {

runner_command some_runner() {
  runner_command result;
  result.path = to_wide_path(beside_own_program("procession-runner.exe"));
  result.command_line = L"\"procession-runner\" --version";
  result.cwd = to_wide_path(system_directory());
  return result;
}

failure refusal(const std::string& user,
                std::unique_ptr<credential_store> store) {
  auto result
    = make_logon_launcher(user, std::move(store))->launch(some_runner());
  REQUIRE(!result);
  return result.error();
}

} // namespace

TEST_CASE("a logon needs stored credentials", "[windows][runner]") {
  auto why = refusal("somebody", std::make_unique<memory_store>());
  CHECK(why.code == errc::no_such_user);
  CHECK(why.detail.at == stage::credentials);
  CHECK(why.detail.text.find("somebody") != std::string::npos);
}

TEST_CASE("a logon needs an account", "[windows][runner]") {
  auto store = std::make_unique<memory_store>();
  store->save("no-such-user", secret{L"x"});
  auto why = refusal("no-such-user", std::move(store));
  CHECK(why.code == errc::no_such_user);
  CHECK(why.detail.at == stage::logon);
  auto sid = make_logon_launcher("no-such-user")->user_sid();
  REQUIRE(!sid);
  CHECK(sid.error().code == errc::no_such_user);
}

TEST_CASE("the account of a name has the identifier that its token has",
          "[windows][runner]") {
  CHECK(*account_sid(own_user_name()) == *own_user_sid());
}

TEST_CASE("a logon that the system does not know is an error with its stage",
          "[windows][runner]") {
  if (!running_under_wine()) {
    WARN("skipped here: this is a system with logons");
    return;
  }
  auto store = std::make_unique<memory_store>();
  store->save(own_user_name(), secret{L"not this"});
  auto why = refusal(own_user_name(), std::move(store));
  CHECK(why.code == errc::runner_failed);
  CHECK(why.detail.at == stage::logon);
  CHECK(why.detail.os_code == ERROR_CALL_NOT_IMPLEMENTED);
  CHECK(why.detail.text.find("not this") == std::string::npos);
}
