#pragma once

#include "procession/platform/win_elevated/runner_launcher.hpp"

#include <memory>
#include <string>

namespace procession::windows {

/// Starts runners as the user of that name.
std::unique_ptr<runner_launcher> make_logon_launcher(std::string user);

} // namespace procession::windows
