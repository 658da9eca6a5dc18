#include "procession/platform/win_elevated/protected_data.hpp"

#include "procession/platform/win_elevated/security.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <wincrypt.h>

namespace procession::windows {

namespace {

/// For calls that only read the data, despite their types.
DATA_BLOB to_blob(const void* data, std::size_t size) {
  return {static_cast<DWORD>(size),
          static_cast<BYTE*>(const_cast<void*>(data))};
}

failure data_failure(const char* text, DWORD os_code = ::GetLastError()) {
  return last_failure(errc::request_failed, stage::credentials, text, os_code);
}

} // namespace

expected<std::string> protect(const secret& what, std::string_view purpose) {
  auto text = what.characters();
  auto in = to_blob(text.data(), text.size_bytes());
  auto entropy = to_blob(purpose.data(), purpose.size());
  DATA_BLOB out{};
  if (!::CryptProtectData(&in, L"procession", &entropy, nullptr, nullptr,
                          CRYPTPROTECT_UI_FORBIDDEN, &out))
    return data_failure("the system did not protect a password");
  local_memory<BYTE> owned{out.pbData};
  return std::string{reinterpret_cast<const char*>(out.pbData), out.cbData};
}

expected<secret> unprotect(std::string_view bytes, std::string_view purpose) {
  auto in = to_blob(bytes.data(), bytes.size());
  auto entropy = to_blob(purpose.data(), purpose.size());
  DATA_BLOB out{};
  if (!::CryptUnprotectData(&in, nullptr, &entropy, nullptr, nullptr,
                            CRYPTPROTECT_UI_FORBIDDEN, &out))
    return data_failure("the system does not give a protected password back");
  local_memory<BYTE> owned{out.pbData};
  auto size = out.cbData / sizeof(wchar_t);
  auto sound = out.cbData % sizeof(wchar_t) == 0 && size <= secret::max_size;
  secret result;
  if (sound)
    result = secret{{reinterpret_cast<const wchar_t*>(out.pbData), size}};
  ::SecureZeroMemory(out.pbData, out.cbData);
  if (!sound)
    return data_failure("the protected data is not a password",
                        ERROR_INVALID_DATA);
  return result;
}

} // namespace procession::windows
