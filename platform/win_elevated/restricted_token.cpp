#include "procession/platform/win_elevated/restricted_token.hpp"

#include "procession/platform/win_elevated/rules/security_text.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace procession::windows {

namespace {

// Flags of CreateRestrictedToken; mingw-w64 lacks some of them.
constexpr DWORD disable_max_privilege = 0x1;
constexpr DWORD lua_token = 0x4;
constexpr DWORD write_restricted = 0x8;

constexpr auto everyone = "S-1-1-0";

failure token_failure(const char* text, DWORD os_code = ::GetLastError()) {
  return last_failure(errc::spawn_failed, stage::token, text, os_code);
}

/// The groups of a token; empty if they cannot be read.
std::vector<std::byte> groups_of(HANDLE token) {
  DWORD size = 0;
  ::GetTokenInformation(token, TokenGroups, nullptr, 0, &size);
  std::vector<std::byte> result(size);
  if (!::GetTokenInformation(token, TokenGroups, result.data(), size, &size))
    result.clear();
  return result;
}

/// The identifier of the logon session, which services may lack.
std::optional<std::string> logon_sid(HANDLE token) {
  auto memory = groups_of(token);
  if (memory.empty())
    return std::nullopt;
  auto* groups = reinterpret_cast<TOKEN_GROUPS*>(memory.data());
  for (DWORD i = 0; i < groups->GroupCount; ++i)
    if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
      return sid_text(groups->Groups[i].Sid);
  return std::nullopt;
}

/// Gives these users access to objects that are created with the token.
bool set_default_list(HANDLE token, const std::vector<std::string>& users) {
  auto descriptor = make_descriptor(default_security(users));
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  TOKEN_DEFAULT_DACL list{};
  return descriptor != nullptr
         && ::GetSecurityDescriptorDacl(descriptor.get(), &present,
                                        &list.DefaultDacl, &defaulted)
         && ::SetTokenInformation(token, TokenDefaultDacl, &list, sizeof(list));
}

/// Without this, every directory of a path must be accessible.
bool enable_traversal(HANDLE token) {
  TOKEN_PRIVILEGES wanted{};
  wanted.PrivilegeCount = 1;
  wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
  if (!::LookupPrivilegeValueW(nullptr, L"SeChangeNotifyPrivilege",
                               &wanted.Privileges[0].Luid)
      || !::AdjustTokenPrivileges(token, FALSE, &wanted, 0, nullptr, nullptr))
    return false;
  // The call succeeds even if there is no such privilege.
  return ::GetLastError() == ERROR_SUCCESS;
}

} // namespace

expected<unique_handle> make_restricted_token(const restriction& x,
                                              own_user user) {
  HANDLE opened = nullptr;
  if (!::OpenProcessToken(::GetCurrentProcess(),
                          TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY
                            | TOKEN_ADJUST_DEFAULT | TOKEN_ADJUST_SESSIONID
                            | TOKEN_ADJUST_PRIVILEGES,
                          &opened))
    return token_failure("our own token cannot be opened");
  unique_handle own{opened};
  auto self = own_user_sid();
  if (!self)
    return std::move(self.error());
  auto names = x.capability_sids;
  if (auto session = logon_sid(own.get()))
    names.push_back(std::move(*session));
  auto makers = names;
  makers.push_back(*self);
  if (user == own_user::kept)
    names.push_back(*self);
  names.push_back(everyone);
  std::vector<local_memory<>> sids;
  std::vector<SID_AND_ATTRIBUTES> restricting;
  for (auto& name : names) {
    sids.push_back(make_sid(name));
    if (sids.back() == nullptr)
      return token_failure("the system knows no such capability SID");
    // The attributes of restricting identifiers must be 0.
    restricting.push_back({sids.back().get(), 0});
  }
  HANDLE made = nullptr;
  if (!::CreateRestrictedToken(
        own.get(), disable_max_privilege | lua_token | write_restricted, 0,
        nullptr, 0, nullptr, static_cast<DWORD>(restricting.size()),
        restricting.data(), &made))
    return token_failure("the system makes no restricted token");
  unique_handle result{made};
  if (!set_default_list(result.get(), makers))
    return token_failure(
      "what a restricted program makes would not be its own");
  if (!enable_traversal(result.get()))
    return token_failure("a restricted program could open no path");
  return result;
}

} // namespace procession::windows
