#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/runner.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor_clock.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <functional>

namespace procession::cli {

/// Where a program is started.
struct place {
  spawner sessions;
  /// The runner that hosts the sessions; null without one.
  runner host;
};

/// Starts the program of a run: waits for the runner, if there is one, then
/// opens the session. The command's time-out covers both. Part of an actor, on
/// whose thread everything happens.
class program_start {
public:
  /// Tells its owner how the start goes.
  struct hooks {
    /// Called just before the program starts.
    std::function<void()> on_ready;
    std::function<void(session)> on_started;
    /// Called with the exit code of the run.
    std::function<void(const caf::error&, int)> on_failed;
  };

  program_start(caf::event_based_actor* self, place where, command spec,
                hooks tell);

  void begin();

  /// Gives up unless the program has started; from then on the session keeps
  /// the time. To be called when the time-out is over.
  void on_overdue();

private:
  void start_program();
  void on_started(session x);
  void fail(const caf::error& why, int code);

  caf::event_based_actor* self_;
  place where_;
  command spec_;
  hooks tell_;
  caf::actor_clock::time_point began_;
  enum class phase { runner, program, over } phase_ = phase::runner;
};

} // namespace procession::cli
