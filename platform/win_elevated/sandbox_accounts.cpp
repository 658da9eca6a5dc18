#include "procession/platform/win_elevated/sandbox_accounts.hpp"

#include "procession/platform/win_elevated/rules/credential_file.hpp"
#include "procession/platform/win_elevated/rules/password.hpp"
#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <bcrypt.h>
#include <lm.h>
#include <userenv.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace procession::windows {

namespace {

/// The users that the logon screen hides (a value of 0 under the user's name).
constexpr auto hidden_users
  = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon"
    L"\\SpecialAccounts\\UserList";

/// A name for the account functions, which want it writable but do not change
/// it.
struct wide_name {
  explicit wide_name(const std::string& x) : text(to_wide_path(x)) {
    // nop
  }

  wchar_t* get() {
    return text.data();
  }

  std::wstring text;
};

failure account_failure(std::string text, DWORD os_code) {
  auto code = os_code == ERROR_ACCESS_DENIED ? errc::not_permitted
                                             : errc::request_failed;
  return last_failure(code, stage::account, std::move(text), os_code);
}

/// Returns no failure for success, nor for a code in `before`, which means that
/// it was done earlier.
std::optional<failure> done(DWORD os_code, std::initializer_list<DWORD> before,
                            std::string text) {
  if (os_code == NERR_Success
      || std::find(before.begin(), before.end(), os_code) != before.end())
    return std::nullopt;
  return account_failure(std::move(text), os_code);
}

struct net_free {
  void operator()(void* x) const noexcept {
    ::NetApiBufferFree(x);
  }
};

/// Whether the object exists that `get`, a call that allocates, returns.
template <class F>
expected<bool> is_there(F get, DWORD missing, const char* text) {
  BYTE* memory = nullptr;
  DWORD os_code = get(&memory);
  std::unique_ptr<BYTE, net_free> owned{memory};
  if (os_code == NERR_Success)
    return true;
  if (os_code == missing)
    return false;
  return account_failure(text, os_code);
}

expected<bool> group_exists() {
  wide_name group{sandbox_group};
  return is_there(
    [&](BYTE** x) {
      return ::NetLocalGroupGetInfo(nullptr, group.get(), 1, x);
    },
    NERR_GroupNotFound, "the system does not tell of the group");
}

expected<bool> account_exists(const std::string& user) {
  wide_name name{user};
  return is_there(
    [&](BYTE** x) { return ::NetUserGetInfo(nullptr, name.get(), 1, x); },
    NERR_UserNotFound, "the system does not tell of the account");
}

expected<bool> is_member(const std::string& user) {
  wide_name name{user};
  BYTE* memory = nullptr;
  DWORD count = 0;
  DWORD total = 0;
  DWORD os_code = ::NetUserGetLocalGroups(nullptr, name.get(), 0, 0, &memory,
                                          MAX_PREFERRED_LENGTH, &count, &total);
  std::unique_ptr<BYTE, net_free> owned{memory};
  if (os_code == NERR_UserNotFound)
    return false;
  if (os_code != NERR_Success)
    return account_failure("the system does not tell an account's groups",
                           os_code);
  wide_name group{sandbox_group};
  auto* groups = reinterpret_cast<LOCALGROUP_USERS_INFO_0*>(memory);
  return memory != nullptr && std::any_of(groups, groups + count, [&](auto& x) {
           return ::CompareStringOrdinal(x.lgrui0_name, -1, group.get(), -1,
                                         TRUE)
                  == CSTR_EQUAL;
         });
}

expected<bool> is_hidden(const std::string& user) {
  DWORD value = 1;
  DWORD size = sizeof(value);
  auto os_code = static_cast<DWORD>(
    ::RegGetValueW(HKEY_LOCAL_MACHINE, hidden_users, to_wide_path(user).c_str(),
                   RRF_RT_REG_DWORD, nullptr, &value, &size));
  if (os_code == ERROR_FILE_NOT_FOUND)
    return false;
  if (os_code != ERROR_SUCCESS)
    return account_failure("the system does not tell whom the logon screen "
                           "offers",
                           os_code);
  return value == 0;
}

std::optional<failure> make_group() {
  wide_name group{sandbox_group};
  wide_name comment{"Users that Procession runs programs as"};
  LOCALGROUP_INFO_1 info{group.get(), comment.get()};
  return done(
    ::NetLocalGroupAdd(nullptr, 1, reinterpret_cast<BYTE*>(&info), nullptr),
    {NERR_GroupExists, ERROR_ALIAS_EXISTS}, "the group cannot be made");
}

expected<secret> new_password() {
  std::array<std::uint8_t, 256> random{};
  secret result{std::wstring(password_length, L'?')};
  auto ok = false;
  // Once is almost always enough.
  for (auto i = 0; i < 3 && !ok; ++i)
    ok = ::BCryptGenRandom(nullptr, random.data(),
                           static_cast<ULONG>(random.size()),
                           BCRYPT_USE_SYSTEM_PREFERRED_RNG)
           == 0
         && make_password(random, result.characters());
  ::SecureZeroMemory(random.data(), random.size());
  if (!ok)
    return account_failure("no random bytes are available", ERROR_GEN_FAILURE);
  return result;
}

/// Lets `set` give the account a new password, and stores that. Removes the
/// stored one first: if this fails midway, the next plan renews the password.
template <class F>
std::optional<failure>
with_new_password(const std::string& user, credential_store& store, F set) {
  auto made = new_password();
  if (!made)
    return std::move(made.error());
  if (auto bad = store.remove(user))
    return bad;
  if (auto bad = set(made->c_str()))
    return bad;
  return store.save(user, *made);
}

std::optional<failure> make_account(const std::string& user,
                                    credential_store& store) {
  return with_new_password(user, store, [&](wchar_t* password) {
    wide_name name{user};
    wide_name comment{"Runs programs of Procession; see procession sandbox"};
    USER_INFO_1 info{};
    info.usri1_name = name.get();
    info.usri1_password = password;
    info.usri1_priv = USER_PRIV_USER;
    info.usri1_comment = comment.get();
    info.usri1_flags = UF_SCRIPT | UF_DONT_EXPIRE_PASSWD
                       | UF_PASSWD_CANT_CHANGE;
    return done(::NetUserAdd(nullptr, 1, reinterpret_cast<BYTE*>(&info),
                             nullptr),
                {}, "the account '" + user + "' cannot be made");
  });
}

std::optional<failure> set_new_password(const std::string& user,
                                        credential_store& store) {
  return with_new_password(user, store, [&](wchar_t* password) {
    wide_name name{user};
    USER_INFO_1003 info{password};
    return done(::NetUserSetInfo(nullptr, name.get(), 1003,
                                 reinterpret_cast<BYTE*>(&info), nullptr),
                {}, "the password of '" + user + "' cannot be changed");
  });
}

std::optional<failure> join_group(const std::string& user) {
  wide_name group{sandbox_group};
  wide_name name{user};
  LOCALGROUP_MEMBERS_INFO_3 info{name.get()};
  return done(::NetLocalGroupAddMembers(nullptr, group.get(), 3,
                                        reinterpret_cast<BYTE*>(&info), 1),
              {ERROR_MEMBER_IN_ALIAS}, "'" + user + "' cannot join the group");
}

std::optional<failure> hide_account(const std::string& user) {
  DWORD zero = 0;
  auto os_code = ::RegSetKeyValueW(HKEY_LOCAL_MACHINE, hidden_users,
                                   to_wide_path(user).c_str(), REG_DWORD, &zero,
                                   sizeof(zero));
  return done(static_cast<DWORD>(os_code), {},
              "'" + user + "' cannot be hidden from the logon screen");
}

std::optional<failure> show_account(const std::string& user) {
  auto os_code = ::RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, hidden_users,
                                      to_wide_path(user).c_str());
  return done(static_cast<DWORD>(os_code), {ERROR_FILE_NOT_FOUND},
              "'" + user + "' cannot be shown on the logon screen");
}

std::optional<failure> remove_profile(const std::string& user) {
  auto sid = account_sid(user);
  // Without an account the profile cannot be found.
  if (!sid)
    return std::nullopt;
  auto os_code = ::DeleteProfileW(to_wide_path(*sid).c_str(), nullptr, nullptr)
                   ? ERROR_SUCCESS
                   : ::GetLastError();
  return done(os_code, {ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND},
              "the profile of '" + user
                + "' cannot be removed; does a program of it still run?");
}

std::optional<failure> remove_account(const std::string& user) {
  wide_name name{user};
  return done(::NetUserDel(nullptr, name.get()), {NERR_UserNotFound},
              "the account '" + user + "' cannot be removed");
}

std::optional<failure> remove_group() {
  wide_name group{sandbox_group};
  return done(::NetLocalGroupDel(nullptr, group.get()),
              {NERR_GroupNotFound, ERROR_NO_SUCH_ALIAS},
              "the group cannot be removed");
}

} // namespace

expected<sandbox_state> observe_sandbox(int users, credential_store& store) {
  auto stored = store.list();
  if (!stored)
    return std::move(stored.error());
  std::optional<failure> why;
  auto value = [&](expected<bool> x) {
    if (!x) {
      why = std::move(x.error());
      return false;
    }
    return *x;
  };
  sandbox_state result;
  result.group = value(group_exists());
  for (auto i = 1; i <= max_sandbox_users && !why; ++i) {
    sandbox_user user{sandbox_user_name(i)};
    user.account = value(account_exists(user.name));
    user.member = user.account && value(is_member(user.name));
    user.credentials = std::any_of(stored->begin(), stored->end(),
                                   [&](auto& x) {
                                     return is_same_account(x, user.name);
                                   });
    user.hidden = value(is_hidden(user.name));
    if (i <= users || user.account || user.credentials || user.hidden)
      result.users.push_back(std::move(user));
  }
  if (why)
    return std::move(*why);
  return result;
}

std::optional<failure> check_elevated() {
  HANDLE opened = nullptr;
  TOKEN_ELEVATION is{};
  DWORD size = 0;
  if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened))
    return account_failure("the system does not tell what we may do",
                           ::GetLastError());
  unique_handle token{opened};
  if (!::GetTokenInformation(token.get(), TokenElevation, &is, sizeof(is),
                             &size))
    return account_failure("the system does not tell what we may do",
                           ::GetLastError());
  if (is.TokenIsElevated == 0)
    return last_failure(errc::not_permitted, stage::account,
                        "accounts are changed by administrators only; run this "
                        "elevated (\"Run as administrator\")",
                        elevation_required);
  return std::nullopt;
}

std::optional<failure> perform(const planned_step& x, credential_store& store) {
  if (!x.needed)
    return std::nullopt;
  switch (x.what) {
    case sandbox_step::make_group:
      return make_group();
    case sandbox_step::make_account:
      return make_account(x.user, store);
    case sandbox_step::renew_password:
      return set_new_password(x.user, store);
    case sandbox_step::join_group:
      return join_group(x.user);
    case sandbox_step::hide_account:
      return hide_account(x.user);
    case sandbox_step::remove_profile:
      return remove_profile(x.user);
    case sandbox_step::remove_account:
      return remove_account(x.user);
    case sandbox_step::show_account:
      return show_account(x.user);
    case sandbox_step::forget_credentials:
      return store.remove(x.user);
    case sandbox_step::remove_group:
      return remove_group();
  }
  return std::nullopt;
}

std::optional<failure> renew_password(const std::string& user,
                                      credential_store& store) {
  if (!is_sandbox_user(user))
    return failure{
      errc::not_permitted,
      {stage::account, 0,
       "'" + user + "' is not a sandbox user of this installation"}};
  if (auto bad = check_elevated())
    return bad;
  return set_new_password(user, store);
}

} // namespace procession::windows
