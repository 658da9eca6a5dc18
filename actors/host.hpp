#pragma once

#include "procession/actors/process_handle.hpp"
#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/actor_system.hpp>

#include <functional>

namespace procession {

/// Choices for a host; the defaults suit every program.
struct host_options {
  runtime_options runtime = {};
  spawner_options spawner = {};
  /// Changes the configuration before the actor system is made of it, for
  /// example to load a module of CAF.
  std::function<void(config&)> configure = {};
};

/// All that a program needs to start sessions on this machine: a runtime, an
/// actor system and a spawner, made and destroyed in the right order. Its
/// destructor ends all sessions and waits for the actors of the program.
///
///     procession::host host;
///     auto result = host.run({.program = "make"});
///
/// All functions may be called from any thread.
class host {
public:
  /// @throws std::system_error as the constructor of `runtime` does.
  explicit host(host_options options = {});
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  /// Runs a command to completion, blocking; see `procession::run`.
  caf::expected<run_result> run(command what, shared_bytes input = {}) const;

  /// Starts a command for a caller that blocks; see `spawn_process`.
  caf::expected<spawned_process> spawn(command what) const;

  /// Starts sessions for everything else.
  const procession::spawner& spawner() const noexcept {
    return spawner_;
  }

  /// For actors of the program.
  caf::actor_system& system() noexcept {
    return system_;
  }

  const procession::runtime& runtime() const noexcept {
    return runtime_;
  }

private:
  // In the order of their lifetimes.
  procession::runtime runtime_;
  config config_;
  caf::actor_system system_;
  procession::spawner spawner_;
};

} // namespace procession
