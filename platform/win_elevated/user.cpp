#include "procession/platform/win_elevated/user.hpp"

#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <lmcons.h>

#include <array>

namespace procession::windows {

expected<std::string> own_user_sid() {
  auto unknown = [] {
    return last_failure(errc::runner_failed, stage::logon,
                        "the system does not tell who we are");
  };
  HANDLE opened = nullptr;
  if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &opened))
    return unknown();
  unique_handle token{opened};
  alignas(TOKEN_USER)
    std::array<unsigned char, sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE>
      memory{};
  DWORD size = 0;
  if (!::GetTokenInformation(token.get(), TokenUser, memory.data(),
                             static_cast<DWORD>(memory.size()), &size))
    return unknown();
  auto result = sid_text(
    reinterpret_cast<TOKEN_USER*>(memory.data())->User.Sid);
  if (result.empty())
    return unknown();
  return result;
}

std::string own_user_name() {
  std::array<wchar_t, UNLEN + 1> name{};
  auto size = static_cast<DWORD>(name.size());
  // The size includes the NUL.
  if (!::GetUserNameW(name.data(), &size))
    return {};
  return to_utf8(from_wide({name.data(), size - 1}));
}

} // namespace procession::windows
