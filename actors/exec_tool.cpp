#include "procession/actors/exec_tool.hpp"

#include "procession/actors/exec/exec_machine.hpp"

#include <caf/actor_system.hpp>

#include <utility>

namespace procession {

namespace {

/// Returns a handler that delegates a request to the machine.
template <class... Ts>
auto passing_on(exec_tool::pointer self, const exec_tool_impl& to) {
  return [=](Ts... xs) { return self->delegate(to, std::move(xs)...); };
}

/// The actor that users hold. Sessions hold the machine, as they send it
/// events, so the machine cannot notice that its users are gone. This actor
/// can, and its end ends the machine.
exec_tool::behavior_type facade_behavior(exec_tool::pointer self,
                                         const exec_tool_impl& machine) {
  self->link_to(machine);
  return {
    passing_on<exec_atom, exec_request>(self, machine),
    passing_on<write_atom, exec_input>(self, machine),
    passing_on<poll_atom, exec_poll>(self, machine),
    passing_on<resize_atom, session_id, terminal_size>(self, machine),
    passing_on<signal_atom, session_id, signal_name>(self, machine),
    passing_on<cancel_atom, session_id>(self, machine),
    passing_on<wait_atom, session_id>(self, machine),
    passing_on<list_atom>(self, machine),
    passing_on<terminate_atom, session_id>(self, machine),
    passing_on<terminate_atom>(self, machine),
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
