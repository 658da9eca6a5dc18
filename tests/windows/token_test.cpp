// The contents of a restricted token.
#include "procession/platform/win_elevated/restricted_token.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

#include <windows.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

using namespace procession;
using namespace procession::windows;

namespace {

constexpr auto capability = "S-1-5-21-11-22-33-1001";

unique_handle make(own_user user) {
  auto made = make_restricted_token({{capability}}, user);
  if (!made)
    FAIL(to_string(made.error()));
  return std::move(*made);
}

template <class T>
std::vector<std::byte>
ask(const unique_handle& token, TOKEN_INFORMATION_CLASS what) {
  DWORD size = 0;
  ::GetTokenInformation(token.get(), what, nullptr, 0, &size);
  std::vector<std::byte> result(std::max<std::size_t>(size, sizeof(T)));
  REQUIRE(::GetTokenInformation(token.get(), what, result.data(), size, &size));
  return result;
}

std::vector<std::string> restricting(const unique_handle& token) {
  auto memory = ask<TOKEN_GROUPS>(token, TokenRestrictedSids);
  auto* groups = reinterpret_cast<TOKEN_GROUPS*>(memory.data());
  std::vector<std::string> result;
  for (DWORD i = 0; i < groups->GroupCount; ++i)
    result.push_back(sid_text(groups->Groups[i].Sid));
  return result;
}

bool has(const std::vector<std::string>& all, const std::string& x) {
  return std::find(all.begin(), all.end(), x) != all.end();
}

} // namespace

TEST_CASE("a restricted token is still the user's", "[windows]") {
  auto token = make(GENERATE(own_user::kept, own_user::dropped));
  auto memory = ask<TOKEN_USER>(token, TokenUser);
  CHECK(sid_text(reinterpret_cast<TOKEN_USER*>(memory.data())->User.Sid)
        == *own_user_sid());
}

TEST_CASE("objects of a restricted program are open to its capabilities",
          "[windows]") {
  auto token = make(own_user::dropped);
  auto memory = ask<TOKEN_DEFAULT_DACL>(token, TokenDefaultDacl);
  auto* list
    = reinterpret_cast<TOKEN_DEFAULT_DACL*>(memory.data())->DefaultDacl;
  REQUIRE(list != nullptr);
  std::vector<std::string> open_to;
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* entry = nullptr;
    REQUIRE(::GetAce(list, i, &entry));
    open_to.push_back(
      sid_text(&static_cast<ACCESS_ALLOWED_ACE*>(entry)->SidStart));
  }
  CHECK(has(open_to, capability));
  CHECK(has(open_to, *own_user_sid()));
  CHECK(has(open_to, "S-1-5-18"));
  CHECK_FALSE(has(open_to, "S-1-1-0"));
}

TEST_CASE("a token is restricted by its capabilities", "[windows]") {
  if (running_under_wine()) {
    WARN("skipped here: Wine 8 ignores what a token is restricted by");
    return;
  }
  auto self = *own_user_sid();
  auto kept = make(own_user::kept);
  CHECK(::IsTokenRestricted(kept.get()));
  CHECK(has(restricting(kept), capability));
  CHECK(has(restricting(kept), "S-1-1-0"));
  CHECK(has(restricting(kept), self));
  auto dropped = restricting(make(own_user::dropped));
  CHECK(has(dropped, capability));
  CHECK_FALSE(has(dropped, self));
}

TEST_CASE("a restricted token has no privilege but to pass directories",
          "[windows]") {
  if (running_under_wine()) {
    WARN("skipped here: Wine 8 takes no privileges away");
    return;
  }
  auto token = make(own_user::kept);
  auto memory = ask<TOKEN_PRIVILEGES>(token, TokenPrivileges);
  auto* all = reinterpret_cast<TOKEN_PRIVILEGES*>(memory.data());
  REQUIRE(all->PrivilegeCount == 1);
  LUID traversal{};
  REQUIRE(
    ::LookupPrivilegeValueW(nullptr, L"SeChangeNotifyPrivilege", &traversal));
  CHECK(all->Privileges[0].Luid.LowPart == traversal.LowPart);
  CHECK((all->Privileges[0].Attributes & SE_PRIVILEGE_ENABLED) != 0);
}

TEST_CASE("a SID that the system does not accept is an error at the token",
          "[windows]") {
  auto made = make_restricted_token({{"S-1-"}}, own_user::kept);
  REQUIRE(!made);
  CHECK(made.error().detail.at == stage::token);
  CHECK(made.error().detail.os_code != 0);
}
