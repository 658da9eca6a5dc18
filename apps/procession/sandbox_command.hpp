#pragma once

#include <functional>
#include <optional>

namespace CLI {
class App;
} // namespace CLI

namespace procession::cli {

/// Adds `procession sandbox`, which manages the users for sandboxed programs.
/// It exists only on Windows.
/// @returns a function to call after the command line was parsed. It carries
/// out
///          the command and returns the exit code, or nothing for another
///          command.
std::function<std::optional<int>()> add_sandbox_command(CLI::App& app);

} // namespace procession::cli
