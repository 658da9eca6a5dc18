#include "procession/platform/win_elevated/security.hpp"

#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <sddl.h>

#include <array>

namespace procession::windows {

local_memory<> make_descriptor(const std::string& text) {
  PSECURITY_DESCRIPTOR result = nullptr;
  if (!::ConvertStringSecurityDescriptorToSecurityDescriptorW(
        to_wide_path(text).c_str(), SDDL_REVISION_1, &result, nullptr))
    return nullptr;
  return local_memory<>{result};
}

local_memory<> make_sid(const std::string& text) {
  PSID result = nullptr;
  if (!::ConvertStringSidToSidW(to_wide_path(text).c_str(), &result))
    return nullptr;
  return local_memory<>{result};
}

std::string sid_text(PSID sid) {
  wchar_t* text = nullptr;
  if (!::ConvertSidToStringSidW(sid, &text))
    return {};
  local_memory<wchar_t> owned{text};
  return to_utf8(from_wide(text));
}

expected<std::string> account_sid(const std::string& name) {
  auto none = [&] {
    return last_failure(errc::no_such_user, stage::logon,
                        "there is no user '" + name + "' on this machine");
  };
  // With its machine, so that the name is not looked up in a domain first.
  std::array<wchar_t, MAX_COMPUTERNAME_LENGTH + 1> machine{};
  auto machine_size = static_cast<DWORD>(machine.size());
  if (!::GetComputerNameW(machine.data(), &machine_size))
    return none();
  auto full = std::wstring{machine.data(), machine_size} + L"\\"
              + to_wide_path(name);
  alignas(SID) std::array<unsigned char, SECURITY_MAX_SID_SIZE> sid{};
  auto sid_size = static_cast<DWORD>(sid.size());
  std::array<wchar_t, 256> domain{};
  auto domain_size = static_cast<DWORD>(domain.size());
  SID_NAME_USE use{};
  if (!::LookupAccountNameW(nullptr, full.c_str(), sid.data(), &sid_size,
                            domain.data(), &domain_size, &use))
    return none();
  auto result = sid_text(sid.data());
  if (result.empty())
    return none();
  return result;
}

} // namespace procession::windows
