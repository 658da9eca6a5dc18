#include "procession/platform/windows/system.hpp"

#include "procession/platform/windows/rules/unicode.hpp"

#include <windows.h>

#include <bcrypt.h>

#include <array>
#include <vector>

namespace procession::windows {

failure last_failure(errc code, stage at, std::string text, DWORD os_code) {
  return {code, {at, static_cast<std::int32_t>(os_code), std::move(text)}};
}

std::wstring to_wide(std::u16string_view x) {
  return {x.begin(), x.end()};
}

std::u16string from_wide(std::wstring_view x) {
  return {x.begin(), x.end()};
}

std::wstring to_wide_path(std::string_view x) {
  // No file name has a question mark.
  return to_wide(to_utf16(x).value_or(u"?"));
}

std::string beside_own_program(std::string_view name) {
  // The longest possible path.
  std::vector<wchar_t> own(32768);
  auto n = ::GetModuleFileNameW(nullptr, own.data(),
                                static_cast<DWORD>(own.size()));
  auto path = to_utf8(from_wide({own.data(), n}));
  path.erase(path.find_last_of("/\\") + 1);
  return path.append(name);
}

std::string system_directory() {
  std::array<wchar_t, MAX_PATH + 1> path{};
  auto n = ::GetSystemDirectoryW(path.data(), static_cast<UINT>(path.size()));
  return to_utf8(from_wide({path.data(), n}));
}

std::string random_name(std::size_t bytes) {
  constexpr auto digits = std::string_view{"0123456789abcdef"};
  std::vector<unsigned char> random(bytes);
  // 0 is success (STATUS_SUCCESS).
  if (::BCryptGenRandom(nullptr, random.data(),
                        static_cast<ULONG>(random.size()),
                        BCRYPT_USE_SYSTEM_PREFERRED_RNG)
      != 0)
    return {};
  std::string result;
  for (auto x : random)
    result.append(1, digits[x >> 4]).append(1, digits[x & 0xf]);
  return result;
}

} // namespace procession::windows
