#include "procession/actors/exec_tool.hpp"

#include "procession/actors/exec/exec_machine.hpp"

#include <caf/actor_system.hpp>

#include <utility>

namespace procession {

namespace {

/// What others hold. The sessions hold the machine, whose events they send, so
/// that this is what tells it that nobody needs it any more.
exec_tool::behavior_type facade_behavior(exec_tool::pointer self,
                                         const exec_tool_impl& machine) {
  self->link_to(machine);
  return {
    [=](exec_atom x, exec_request& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](write_atom x, exec_input& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](poll_atom x, exec_poll& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](resize_atom x, session_id& y, terminal_size size) {
      return self->delegate(machine, x, std::move(y), size);
    },
    [=](signal_atom x, session_id& y, signal_name name) {
      return self->delegate(machine, x, std::move(y), name);
    },
    [=](cancel_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](wait_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](list_atom x) { return self->delegate(machine, x); },
    [=](terminate_atom x, session_id& y) {
      return self->delegate(machine, x, std::move(y));
    },
    [=](terminate_atom x) { return self->delegate(machine, x); },
  };
}

} // namespace

exec_tool make_exec_tool(caf::actor_system& sys, spawner where,
                         exec_tool_options options) {
  return sys.spawn(facade_behavior,
                   exec_machine::spawn_in(sys, std::move(where),
                                          std::move(options)));
}

} // namespace procession
