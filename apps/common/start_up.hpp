#pragma once

#include <functional>
#include <string>

namespace procession {

/// Prepares one of our programs; call it in `main` before the first thread
/// is started.
///
/// Leaves the first process of a container (first_process.hpp). And if a part
/// of the program cannot start because the system gives us no more threads, the
/// program ends with a sentence about it: at once, since the half that did
/// start (std::thread, caf::actor_system) crashes or waits for ever when it is
/// taken down again. So no exception of a start may be caught.
/// @param say told why the program ends, on whichever thread it failed.
/// @param exit_code what it ends with then.
void start_up(std::function<void(const std::string&)> say, int exit_code);

} // namespace procession
