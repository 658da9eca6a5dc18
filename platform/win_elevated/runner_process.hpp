#pragma once

#include "procession/platform/runner_port.hpp"
#include "procession/platform/runtime.hpp"

#include <memory>

namespace procession::windows {

/// What this platform does for runners, on the reactor of a runtime. A runner
/// of ours is connected to by a named pipe, whichever transport is asked for.
std::shared_ptr<runner_port>
make_runner_port(std::shared_ptr<runtime::impl> owner);

} // namespace procession::windows
