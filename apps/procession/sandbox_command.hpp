#pragma once

#include <functional>
#include <optional>

namespace CLI {
class App;
} // namespace CLI

namespace procession::cli {

/// Adds `procession sandbox`, which looks after the users that programs run as
/// in a sandbox, where there is such a thing: on Windows.
/// @returns what to call when the command line was parsed: it does what was
///          asked for and returns the exit code, or nothing if it was not
///          meant.
std::function<std::optional<int>()> add_sandbox_command(CLI::App& app);

} // namespace procession::cli
