#pragma once

#include "procession/messages/exec_tool.hpp"
#include "procession/messages/runner.hpp"
#include "procession/messages/session.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_system_config.hpp>

namespace procession {

/// Registers the library's message types and the rendering of its errors with
/// `cfg`. For a program with a configuration class of its own; others use
/// `config`.
void add_to(caf::actor_system_config& cfg);

/// A CAF configuration that includes the library's messages. In a
/// `caf::actor_system` it chooses the `sharing` scheduler: CAF's default one
/// polls, which costs an idle host processor time and adds up to 50
/// microseconds to each hop of an echo; a `procession::actor_system` has a
/// scheduler of its own, which saves most hops. There is one worker fewer than
/// there are cores (`scheduler.max-threads`), as the processes need processor
/// time too. On two cores this leaves one worker, so an actor that computes for
/// long, or blocks, should be `caf::detached`.
class config : public caf::actor_system_config {
public:
  /// Registers the messages and sets these options.
  config();
};

} // namespace procession
