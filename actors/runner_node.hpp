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

/// Our end of a runner: an actor to ask, and the children that live there. The
/// runner ends with the last copy of this and spawner with it, when the actor
/// is asked to, or is sent an exit message.
class runner_node {
public:
  runner_node(runner hdl, std::shared_ptr<child_factory> children)
    : actor_(std::move(hdl)), children_(std::move(children)) {
    // nop
  }

  /// Answers what messages/runner.hpp lists; can be monitored.
  const runner& actor() const noexcept {
    return actor_;
  }

  /// Makes children in the runner. When that is lost the next start has another
  /// one started, or fails with why (`runner_options::restart`).
  const std::shared_ptr<child_factory>& children() const noexcept {
    return children_;
  }

private:
  runner actor_;
  std::shared_ptr<child_factory> children_;
};

/// Starts a runner in the background. Sessions can be spawned in it at once;
/// they wait for it.
/// @param rt should outlive `sys`.
runner_node start_runner(caf::actor_system& sys, const runtime& rt,
                         runner_options options = {});

/// Starts a runner by what a platform, or a test, offers.
runner_node start_runner(caf::actor_system& sys,
                         std::shared_ptr<runner_port> port,
                         runner_options options);

/// Makes a spawner of sessions in a runner.
spawner make_spawner(caf::actor_system& sys, const runner_node& where,
                     spawner_options options = {});

} // namespace procession
