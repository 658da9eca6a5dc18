#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/runner_launcher.hpp"
#include "procession/platform/win_elevated/secret.hpp"

#include <string>

namespace procession::windows {

/// Starts a runner as the local user of that name, with that user's profile and
/// environment, in a job and without a window (CreateProcessWithLogonW). Blocks
/// while the logon lasts.
/// @returns the failure, if any: at `logon` if the user is not let in.
expected<started_process> start_as(const std::string& user, secret& password,
                                   const runner_command& what);

} // namespace procession::windows
