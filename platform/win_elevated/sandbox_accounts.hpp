#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/credential_store.hpp"
#include "procession/platform/win_elevated/rules/sandbox_plan.hpp"

#include <optional>
#include <string>

namespace procession::windows {

/// Finds the present parts of a sandbox.
/// @param users the least number of users to look for; further ones are found,
///        too.
expected<sandbox_state> observe_sandbox(int users, credential_store& store);

/// Checks that this process may change accounts; the failure is `not_permitted`
/// at `account`.
std::optional<failure> check_elevated();

/// Takes one step of a plan; repeating a step does no harm.
/// @returns the failure, if any, at `account` or `credentials`.
std::optional<failure> perform(const planned_step& x, credential_store& store);

/// Gives a sandbox user a new password, and stores it. Fails (`not_permitted`)
/// unless this process is elevated, and for any other user.
std::optional<failure> renew_password(const std::string& user,
                                      credential_store& store);

} // namespace procession::windows
