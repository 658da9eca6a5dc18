#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <string>
#include <string_view>

namespace procession::windows {

/// Has the system encrypt a secret (DPAPI, CryptProtectData): only our user, on
/// this machine, can undo that. Never asks a person anything.
/// @param purpose what it is for; another one does not get it back.
expected<std::string> protect(const secret& what, std::string_view purpose);

/// The secret again. Fails for another purpose or user, or if `bytes` were
/// changed.
expected<secret> unprotect(std::string_view bytes, std::string_view purpose);

} // namespace procession::windows
