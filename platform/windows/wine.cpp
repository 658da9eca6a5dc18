#include "procession/platform/windows/wine.hpp"

#include <winternl.h>

#include <cstdlib>
#include <string_view>

namespace procession::windows {

namespace {

/// Opens an object of Wine's console driver. The handle stands for the console
/// of the process that uses it.
unique_handle open_console(std::wstring_view path) {
  auto bytes = static_cast<USHORT>(path.size() * sizeof(wchar_t));
  UNICODE_STRING name{bytes, bytes, const_cast<PWSTR>(path.data())};
  OBJECT_ATTRIBUTES attributes{};
  attributes.Length = sizeof(attributes);
  attributes.ObjectName = &name;
  attributes.Attributes = OBJ_INHERIT;
  IO_STATUS_BLOCK status{};
  HANDLE result = nullptr;
  auto failed = ::NtCreateFile(
    &result,
    FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE | FILE_READ_ATTRIBUTES
      | FILE_WRITE_ATTRIBUTES,
    &attributes, &status, nullptr, FILE_ATTRIBUTE_NORMAL,
    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_CREATE,
    FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT, nullptr, 0);
  return unique_handle{failed != 0 ? nullptr : result};
}

} // namespace

bool running_under_wine() noexcept {
  return wine_version() != 0;
}

int wine_version() noexcept {
  static const auto result = [] {
    auto* version = reinterpret_cast<const char*(CDECL*) ()>(
      reinterpret_cast<void*>(::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"),
                                               "wine_get_version")));
    return version == nullptr ? 0 : std::atoi(version());
  }();
  return result;
}

console_handles wine_console_handles() {
  return {open_console(L"\\Device\\ConDrv\\Input"),
          open_console(L"\\Device\\ConDrv\\Output")};
}

} // namespace procession::windows
