#pragma once

#include "procession/messages/exec_tool.hpp"
#include "procession/messages/runner.hpp"
#include "procession/messages/session.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_system_config.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(procession, 3100)
  CAF_ADD_TYPE_ID(procession, (procession::shared_bytes))
  CAF_ADD_TYPE_ID(procession, (procession::errc))
  CAF_ADD_TYPE_ID(procession, (procession::stage))
  CAF_ADD_TYPE_ID(procession, (procession::error_detail))
  CAF_ADD_TYPE_ID(procession, (procession::failure))
  CAF_ADD_TYPE_ID(procession, (procession::terminal_size))
  CAF_ADD_TYPE_ID(procession, (procession::stdio_kind))
  CAF_ADD_TYPE_ID(procession, (procession::stdin_kind))
  CAF_ADD_TYPE_ID(procession, (procession::background_policy))
  CAF_ADD_TYPE_ID(procession, (procession::stdio_spec))
  CAF_ADD_TYPE_ID(procession, (procession::environment))
  CAF_ADD_TYPE_ID(procession, (procession::session_limits))
  CAF_ADD_TYPE_ID(procession, (procession::kill_policy))
  CAF_ADD_TYPE_ID(procession, (procession::unobserved))
  CAF_ADD_TYPE_ID(procession, (procession::ownership))
  CAF_ADD_TYPE_ID(procession, (procession::restriction))
  CAF_ADD_TYPE_ID(procession, (procession::command))
  CAF_ADD_TYPE_ID(procession, (procession::stream_kind))
  CAF_ADD_TYPE_ID(procession, (procession::cursor))
  CAF_ADD_TYPE_ID(procession, (procession::exit_cause))
  CAF_ADD_TYPE_ID(procession, (procession::exit_status))
  CAF_ADD_TYPE_ID(procession, (procession::output))
  CAF_ADD_TYPE_ID(procession, (procession::gap))
  CAF_ADD_TYPE_ID(procession, (procession::stopped))
  CAF_ADD_TYPE_ID(procession, (procession::continued))
  CAF_ADD_TYPE_ID(procession, (procession::leftovers))
  CAF_ADD_TYPE_ID(procession, (procession::exited))
  CAF_ADD_TYPE_ID(procession, (procession::closed))
  CAF_ADD_TYPE_ID(procession, (procession::session_state))
  CAF_ADD_TYPE_ID(procession, (procession::containment_kind))
  CAF_ADD_TYPE_ID(procession, (procession::signal_name))
  CAF_ADD_TYPE_ID(procession, (procession::delivery))
  CAF_ADD_TYPE_ID(procession, (procession::subscription))
  CAF_ADD_TYPE_ID(procession, (procession::session_info))
  CAF_ADD_TYPE_ID(procession, (procession::session_list))
  CAF_ADD_TYPE_ID(procession, (procession::page))
  CAF_ADD_TYPE_ID(procession, (procession::session))
  CAF_ADD_TYPE_ID(procession, (procession::spawner))
  CAF_ADD_TYPE_ID(procession, (procession::runner_state))
  CAF_ADD_TYPE_ID(procession, (procession::runner_info))
  CAF_ADD_TYPE_ID(procession, (procession::runner))
  CAF_ADD_TYPE_ID(procession, (procession::exec_wait))
  CAF_ADD_TYPE_ID(procession, (procession::exec_request))
  CAF_ADD_TYPE_ID(procession, (procession::exec_input))
  CAF_ADD_TYPE_ID(procession, (procession::exec_poll))
  CAF_ADD_TYPE_ID(procession, (procession::exec_wake))
  CAF_ADD_TYPE_ID(procession, (procession::exec_result))
  CAF_ADD_TYPE_ID(procession, (procession::exec_session))
  CAF_ADD_TYPE_ID(procession, (procession::exec_list))
  CAF_ADD_TYPE_ID(procession, (procession::exec_tool))
  CAF_ADD_TYPE_ID(procession, (procession::restart_kind))
  CAF_ADD_TYPE_ID(procession, (procession::child_state))
  CAF_ADD_TYPE_ID(procession, (procession::child_info))
  CAF_ADD_TYPE_ID(procession, (procession::child_list))
  CAF_ADD_TYPE_ID(procession, (procession::supervisor_event_kind))
  CAF_ADD_TYPE_ID(procession, (procession::supervisor_event))
  CAF_ADD_TYPE_ID(procession, (procession::events_missed))
  CAF_ADD_TYPE_ID(procession, (procession::event_subscription))
  CAF_ADD_TYPE_ID(procession, (procession::supervisor))
CAF_END_TYPE_ID_BLOCK(procession)

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
