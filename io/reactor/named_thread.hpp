#pragma once

#include <functional>
#include <string>
#include <thread>

namespace procession {

/// Starts a thread of the library. All signals are blocked on it, as they
/// belong to the embedding program. Implemented by the platform.
/// @param name shows in `top -H`; 15 characters at most.
/// @throws std::system_error if there can be no more threads.
std::thread named_thread(std::string name, std::function<void()> f);

} // namespace procession
