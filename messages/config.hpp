#pragma once

#include "procession/messages/exec_tool.hpp"
#include "procession/messages/runner.hpp"
#include "procession/messages/session.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_system_config.hpp>

namespace procession {

/// Teaches `cfg` our message types and how to render our errors. For a program
/// with a configuration class of its own; others take `config`.
void add_to(caf::actor_system_config& cfg);

/// A CAF configuration that knows our messages. It also chooses CAF's `sharing`
/// scheduler: the default one polls, which costs an idle host processor time
/// and an echo up to 50 microseconds a hop. And it has a worker less than there
/// are cores (`scheduler.max-threads`): the reactor wants one too, and so do
/// the processes. On two cores that is one, so an actor that computes for long,
/// or blocks, should be a `caf::detached` one.
class config : public caf::actor_system_config {
public:
  config();
};

} // namespace procession
