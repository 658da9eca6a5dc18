#pragma once

#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/runner_launcher.hpp"

#include <memory>
#include <string>

namespace procession::windows {

/// Makes a launcher that starts runners as the local user of that name, with
/// the stored password. Failing logons are bounded for all users of the same
/// store (rules/logon_policy.hpp).
/// @param store where the password is; null: `make_protected_file_store()`.
std::unique_ptr<runner_launcher>
make_logon_launcher(std::string user,
                    std::unique_ptr<credential_store> store = nullptr);

} // namespace procession::windows
