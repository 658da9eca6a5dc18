#pragma once

#include "procession/messages/error.hpp"

#include <windows.h>

#include <string>
#include <string_view>

namespace procession::windows {

/// ERROR_ELEVATION_REQUIRED of winerror.h; mingw-w64 lacks it.
inline constexpr DWORD elevation_required = 740;

/// The failure of the last call.
failure last_failure(errc code, stage at, std::string text,
                     DWORD os_code = ::GetLastError());

/// A function of kernel32.dll that older versions of Windows lack; null there.
/// A program that links to it would not even start on those.
template <class F>
F* system_function(const char* name) noexcept {
  auto found = ::GetProcAddress(::GetModuleHandleW(L"kernel32.dll"), name);
  // By way of void(): compilers warn of a cast between other functions.
  return reinterpret_cast<F*>(reinterpret_cast<void (*)()>(found));
}

/// Converts between UTF-16 and the strings of Windows.
std::wstring to_wide(std::u16string_view x);
std::u16string from_wide(std::wstring_view x);

/// Converts UTF-8 for Windows; invalid UTF-8 becomes an impossible name.
std::wstring to_wide_path(std::string_view x);

/// Path of a file beside our own program, in UTF-8.
std::string beside_own_program(std::string_view name);

/// The system's directory (System32), in UTF-8.
std::string system_directory();

/// Returns this many random bytes of the system's generator, in hexadecimal;
/// empty if it fails.
std::string random_name(std::size_t bytes);

} // namespace procession::windows
