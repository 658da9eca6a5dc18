#pragma once

#include "procession/actors/spawner.hpp"
#include "procession/messages/runner.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/runner_options.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/fwd.hpp>

#include <memory>
#include <utility>

namespace procession {

class runner_port;

/// The local end of a runner: an actor that answers requests about it, and the
/// factory of the children that live in it. The runner ends when the last copy
/// of this and the last spawner in the runner are gone, when the actor is asked
/// to end it, or when the actor receives an exit message.
class runner_node {
public:
  /// Used by `start_runner`.
  runner_node(runner hdl, std::shared_ptr<child_factory> children)
    : actor_(std::move(hdl)), children_(std::move(children)) {
    // nop
  }

  /// Returns the actor, which answers the requests in messages/runner.hpp and
  /// can be monitored.
  const runner& actor() const noexcept {
    return actor_;
  }

  /// Returns the factory of children in the runner. After the runner is lost,
  /// the next start of a child starts another runner, or fails with the reason
  /// (`runner_options::restart`).
  const std::shared_ptr<child_factory>& children() const noexcept {
    return children_;
  }

private:
  runner actor_;
  std::shared_ptr<child_factory> children_;
};

/// Starts a runner in the background. Sessions can be spawned in it at once;
/// they wait until it is up.
/// @param rt should outlive `sys`.
runner_node start_runner(caf::actor_system& sys, const runtime& rt,
                         runner_options options = {});

/// Starts a runner through a port, which a platform or a test provides.
runner_node start_runner(caf::actor_system& sys,
                         std::shared_ptr<runner_port> port,
                         runner_options options);

/// Creates a spawner of sessions in a runner.
spawner make_spawner(caf::actor_system& sys, const runner_node& where,
                     spawner_options options = {});

} // namespace procession
