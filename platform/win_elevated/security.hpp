#pragma once

#include "procession/messages/expected.hpp"

#include <windows.h>

#include <memory>
#include <string>

namespace procession::windows {

/// Gives memory back to LocalFree.
struct local_free {
  void operator()(void* x) const noexcept {
    ::LocalFree(x);
  }
};

/// Memory that the system allocated for us.
template <class T = void>
using local_memory = std::unique_ptr<T, local_free>;

/// A security descriptor from its text; null, and GetLastError tells why.
local_memory<> make_descriptor(const std::string& text);

/// A security identifier from its text; null, and GetLastError tells why.
local_memory<> make_sid(const std::string& text);

/// A security identifier as text (S-1-5-21-...); empty if it is none.
std::string sid_text(PSID sid);

/// The security identifier, as text, of the local account or group of that
/// name. @returns why there is none: `no_such_user` at `logon`.
expected<std::string> account_sid(const std::string& name);

} // namespace procession::windows
