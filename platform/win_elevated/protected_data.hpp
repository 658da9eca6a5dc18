#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace procession::windows {

/// Has the system encrypt a secret (DPAPI, CryptProtectData): only our user, on
/// this machine, can undo that. Never asks a person anything.
/// @param purpose what it is for; another one does not get it back.
std::variant<std::string, failure> protect(const secret& what,
                                           std::string_view purpose);

/// The secret again. Fails for another purpose or user, or if `bytes` were
/// changed.
std::variant<secret, failure> unprotect(std::string_view bytes,
                                        std::string_view purpose);

} // namespace procession::windows
