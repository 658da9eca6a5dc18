#pragma once

#include "procession/actors/actor_system.hpp"
#include "procession/actors/process_handle.hpp"
#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace procession {

/// Options of a host; the defaults suit every program.
struct host_options {
  runtime_options runtime = {};
  spawner_options spawner = {};
  /// Changes the configuration before the actor system is created from it, for
  /// example to load a CAF module.
  std::function<void(config&)> configure = {};
};

/// Everything that a program needs to start sessions on this machine: a
/// runtime, an actor system and a spawner, created and destroyed in the right
/// order. The destructor ends all sessions and waits for the program's actors
/// to end.
///
///     procession::host host;
///     auto result = host.run({.program = "make"});
///
/// All functions may be called from any thread.
class host {
public:
  /// Starts the runtime, the actor system and the spawner.
  /// @throws std::system_error as the constructor of `runtime` does.
  explicit host(host_options options = {});
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  /// Runs a command and blocks until it is complete; see `procession::run`.
  caf::expected<run_result> run(command what, shared_bytes input = {}) const;

  /// Starts a command and blocks until it runs; see `spawn_process`.
  caf::expected<spawned_process> spawn(command what) const;

  /// Returns the spawner, for all other ways to start sessions.
  const procession::spawner& spawner() const noexcept {
    return spawner_;
  }

  /// Returns the actor system, for the program's own actors.
  caf::actor_system& system() noexcept {
    return system_;
  }

  /// Returns the runtime, for example for its probes.
  const procession::runtime& runtime() const noexcept {
    return runtime_;
  }

private:
  // In the order of construction: each member uses those before it.
  procession::runtime runtime_;
  config config_;
  actor_system system_;
  procession::spawner spawner_;
};

} // namespace procession
