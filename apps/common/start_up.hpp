#pragma once

#include <functional>
#include <string>

namespace procession {

/// Prepares one of our programs; call it in `main` before the first thread
/// is started.
///
/// Leaves the first process of a container (first_process.hpp). If later a part
/// of the program cannot start because the system has no more threads for us,
/// the program reports that and ends at once: the parts that did start
/// (std::thread, caf::actor_system) would crash or wait for ever while they are
/// taken down. So no exception of a start may be caught.
/// @param say called with the reason, on the thread that failed.
/// @param exit_code the exit code in that case.
void start_up(std::function<void(const std::string&)> say, int exit_code);

} // namespace procession
