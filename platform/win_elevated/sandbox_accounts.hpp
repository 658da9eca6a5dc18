#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/rules/sandbox_plan.hpp"

#include <optional>
#include <string>

namespace procession::windows {

/// What there is of a sandbox.
/// @param users how many users to look for, at least; others that there are are
///        found, too.
expected<sandbox_state> observe_sandbox(int users, credential_store& store);

/// Whether this process may change accounts: if not, why (`not_permitted` at
/// `account`).
std::optional<failure> check_elevated();

/// Takes one step of a plan, which does no harm where it was taken before.
/// @returns why it failed, if it did, at `account` or `credentials`.
std::optional<failure> perform(const planned_step& x, credential_store& store);

/// Gives a sandbox user a new password, and stores it. Fails (`not_permitted`)
/// unless this process is elevated, and for any other user.
std::optional<failure> renew_password(const std::string& user,
                                      credential_store& store);

} // namespace procession::windows
