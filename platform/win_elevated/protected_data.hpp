#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <string>
#include <string_view>

namespace procession::windows {

/// Encrypts a secret by the system (DPAPI, CryptProtectData): only our user, on
/// this machine, can decrypt it. Never asks a person.
/// @param purpose must be the same for both directions.
expected<std::string> protect(const secret& what, std::string_view purpose);

/// Decrypts the secret. Fails for another purpose or user, or if `bytes` were
/// changed.
expected<secret> unprotect(std::string_view bytes, std::string_view purpose);

} // namespace procession::windows
