#pragma once

#include "procession/messages/error.hpp"

#include <windows.h>

#include <string>
#include <string_view>

namespace procession::windows {

/// ERROR_ELEVATION_REQUIRED of winerror.h, which mingw-w64 has not.
inline constexpr DWORD elevation_required = 740;

/// A failure of the call that was just made.
failure last_failure(errc code, stage at, std::string text,
                     DWORD os_code = ::GetLastError());

/// A function of kernel32.dll that older versions of Windows lack; null there.
/// A program that names it does not even start on those.
template <class F>
F* system_function(const char* name) noexcept {
  auto found = ::GetProcAddress(::GetModuleHandleW(L"kernel32.dll"), name);
  // By way of void(): compilers warn of a cast between other functions.
  return reinterpret_cast<F*>(reinterpret_cast<void (*)()>(found));
}

/// UTF-16 as Windows types it, to and fro.
std::wstring to_wide(std::u16string_view x);
std::u16string from_wide(std::wstring_view x);

/// UTF-8 to what Windows takes; what is no UTF-8 becomes a name that cannot be.
std::wstring to_wide_path(std::string_view x);

/// Path of a file beside our own program, in UTF-8.
std::string beside_own_program(std::string_view name);

/// The system's directory (System32), in UTF-8.
std::string system_directory();

/// So many random bytes of the system's generator, in hexadecimal; empty if it
/// fails.
std::string random_name(std::size_t bytes);

} // namespace procession::windows
