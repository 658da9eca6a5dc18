#pragma once

#include "procession/messages/expected.hpp"

#include <windows.h>

#include <memory>
#include <string>

namespace procession::windows {

/// Frees memory by LocalFree.
struct local_free {
  void operator()(void* x) const noexcept {
    ::LocalFree(x);
  }
};

/// Memory that the system allocated for us.
template <class T = void>
using local_memory = std::unique_ptr<T, local_free>;

/// Parses a security descriptor; returns null, and sets GetLastError, if it
/// fails.
local_memory<> make_descriptor(const std::string& text);

/// Parses a security identifier; returns null, and sets GetLastError, if it
/// fails.
local_memory<> make_sid(const std::string& text);

/// Returns a security identifier as text (S-1-5-21-...); empty if it is
/// invalid.
std::string sid_text(PSID sid);

/// Returns the security identifier, as text, of a local account or group, or
/// the failure: `no_such_user` at `logon`.
expected<std::string> account_sid(const std::string& name);

} // namespace procession::windows
