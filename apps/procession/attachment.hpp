#pragma once

#include "console_signals.hpp"
#include "run_command.hpp"
#include "run_outcome.hpp"

#include "procession/messages/runner.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>

namespace procession::cli {

/// Where a program is started.
struct place {
  spawner sessions;
  /// The runner that they live in; null: none.
  runner host;
};

/// What the actor asks of whoever has the terminal. Called on its thread.
struct terminal_hooks {
  /// Once, before the program is started: the runner is up, if there is one.
  /// Returns what was typed before the terminal was the program's.
  std::function<std::string()> ready;
  /// To stop us, until somebody continues us (`console_signal::resumed`).
  std::function<void()> suspend;
};

/// Starts the actor between one session and our standard streams. It starts the
/// session, copies both ways no faster than the slower side takes it, passes on
/// each `console_signal` that it is sent, and is gone when all is done.
/// @param end set before the actor is gone.
caf::actor spawn_attachment(caf::actor_system& sys, const place& where,
                            const run_options& options, terminal_hooks hooks,
                            std::shared_ptr<run_end> end);

} // namespace procession::cli
