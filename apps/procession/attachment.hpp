#pragma once

#include "program_start.hpp"
#include "run_command.hpp"
#include "run_outcome.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace procession::cli {

/// Requests of the actor to the owner of the terminal, made on the actor's
/// thread.
struct terminal_hooks {
  /// Called once, just before the program is started.
  /// @returns the input typed before the program got the terminal.
  std::function<std::string()> ready;
  /// Stops us until a shell continues us (`console_signal::resumed`).
  std::function<void()> suspend;
};

/// Starts the actor between one session and our standard streams. It starts the
/// session, copies both ways at the speed of the slower side, obeys each
/// `console_signal` that it is sent, and ends when all is done.
/// @param end set before the actor ends.
caf::actor spawn_attachment(caf::actor_system& sys, const place& where,
                            const run_options& options, terminal_hooks hooks,
                            std::shared_ptr<run_end> end);

} // namespace procession::cli
