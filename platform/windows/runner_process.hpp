#pragma once

#include "procession/platform/runner_port.hpp"
#include "procession/platform/runtime.hpp"

#include <memory>

namespace procession::windows {

/// What this platform does for runners, on the reactor of a runtime: nothing
/// yet, so that every start of one fails with `runner_failed` at `launch`.
std::shared_ptr<runner_port>
make_runner_port(std::shared_ptr<runtime::impl> owner);

} // namespace procession::windows
