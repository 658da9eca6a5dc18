#include "procession/platform/win_elevated/desktop.hpp"

#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <aclapi.h>

#include <array>
#include <memory>

namespace procession::windows {

namespace {

// The rights of a program with its own windows, and no more: neither hooks into
// other programs nor pictures of them.
constexpr DWORD station_rights = STANDARD_RIGHTS_READ | WINSTA_ENUMDESKTOPS
                                 | WINSTA_READATTRIBUTES
                                 | WINSTA_ACCESSGLOBALATOMS | WINSTA_ENUMERATE;
constexpr DWORD desktop_rights = STANDARD_RIGHTS_READ | DESKTOP_READOBJECTS
                                 | DESKTOP_CREATEWINDOW | DESKTOP_CREATEMENU
                                 | DESKTOP_WRITEOBJECTS | DESKTOP_ENUMERATE;

struct close_station {
  void operator()(HWINSTA x) const noexcept {
    ::CloseWindowStation(x);
  }
};

struct close_desktop {
  void operator()(HDESK x) const noexcept {
    ::CloseDesktop(x);
  }
};

using station_handle = std::unique_ptr<HWINSTA__, close_station>;
using desktop_handle = std::unique_ptr<HDESK__, close_desktop>;

failure desktop_failure(DWORD os_code) {
  return last_failure(errc::runner_failed, stage::desktop,
                      "the user is not to be let onto our desktop", os_code);
}

std::wstring name_of(HANDLE object) {
  std::array<wchar_t, 256> name{};
  DWORD size = 0;
  if (!::GetUserObjectInformationW(object, UOI_NAME, name.data(),
                                   sizeof(name) - sizeof(wchar_t), &size))
    return {};
  return name.data();
}

/// Adds an entry to the access list of `object`, unless it is already there.
std::optional<failure> allow(HANDLE object, PSID user, DWORD rights) {
  PACL old_list = nullptr;
  PSECURITY_DESCRIPTOR described = nullptr;
  auto os_code = ::GetSecurityInfo(object, SE_WINDOW_OBJECT,
                                   DACL_SECURITY_INFORMATION, nullptr, nullptr,
                                   &old_list, nullptr, &described);
  local_memory<> owned{described};
  if (os_code != ERROR_SUCCESS)
    return desktop_failure(os_code);
  // Without a list everybody has all rights.
  if (old_list == nullptr)
    return std::nullopt;
  EXPLICIT_ACCESSW entry{};
  entry.grfAccessPermissions = rights;
  // Merges with the entries for that user.
  entry.grfAccessMode = GRANT_ACCESS;
  entry.grfInheritance = NO_INHERITANCE;
  entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  entry.Trustee.TrusteeType = TRUSTEE_IS_USER;
  entry.Trustee.ptstrName = static_cast<wchar_t*>(user);
  PACL new_list = nullptr;
  os_code = ::SetEntriesInAclW(1, &entry, old_list, &new_list);
  local_memory<ACL> owned_list{new_list};
  if (os_code != ERROR_SUCCESS)
    return desktop_failure(os_code);
  os_code = ::SetSecurityInfo(object, SE_WINDOW_OBJECT,
                              DACL_SECURITY_INFORMATION, nullptr, nullptr,
                              new_list, nullptr);
  if (os_code != ERROR_SUCCESS)
    return desktop_failure(os_code);
  return std::nullopt;
}

} // namespace

std::wstring own_desktop() {
  // We must close neither handle.
  auto station = name_of(::GetProcessWindowStation());
  auto desktop = name_of(::GetThreadDesktop(::GetCurrentThreadId()));
  if (station.empty() || desktop.empty())
    return L"WinSta0\\Default";
  return station + L"\\" + desktop;
}

std::optional<failure> open_desktop_to(const std::string& user) {
  auto sid = make_sid(user);
  if (sid == nullptr)
    return desktop_failure(::GetLastError());
  // Our own handles may lack the right to change the access list.
  constexpr DWORD access = READ_CONTROL | WRITE_DAC;
  station_handle station{::OpenWindowStationW(
    name_of(::GetProcessWindowStation()).c_str(), FALSE, access)};
  if (station == nullptr)
    return desktop_failure(::GetLastError());
  if (auto bad = allow(station.get(), sid.get(), station_rights))
    return bad;
  desktop_handle desktop{::OpenDesktopW(
    name_of(::GetThreadDesktop(::GetCurrentThreadId())).c_str(), 0, FALSE,
    access | DESKTOP_READOBJECTS | DESKTOP_WRITEOBJECTS)};
  if (desktop == nullptr)
    return desktop_failure(::GetLastError());
  return allow(desktop.get(), sid.get(), desktop_rights);
}

} // namespace procession::windows
