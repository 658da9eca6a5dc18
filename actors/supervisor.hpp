#pragma once

#include "procession/messages/supervisor.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// Options of a supervisor, for all its children.
struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_intensity intensity = {};
  /// The seed for the jitter of back-offs, so that it can be repeated; 0 means
  /// a random seed.
  std::uint64_t seed = 0;
  /// The number of events that are kept for subscribers that lag behind or
  /// subscribe later.
  std::size_t retained_events = 1024;
};

/// Creates a supervisor, which begins to start `children` in their order. It
/// ends with its last handle, or as described in messages/supervisor.hpp;
/// monitor it to learn why.
///
///     auto boss = make_supervisor(
///       sys,
///       {session_child("database", where, database,
///                      ready_output{"ready to accept connections"}),
///        session_child("server", where, server,
///                      ready_probe{rt.port_probe(8080)})},
///       {.strategy = restart_strategy::rest_for_one});
///
/// @returns the supervisor; `invalid_argument` or `duplicate_child` for
///          children or options that are not valid.
caf::expected<supervisor> make_supervisor(caf::actor_system& sys,
                                          std::vector<child_spec> children,
                                          supervisor_options options = {});

/// Returns the specification of a child that is a session; all other fields
/// have the defaults of `child_spec`.
child_spec session_child(std::string name, spawner where, command what,
                         readiness ready = ready_at_once{});

/// Returns the specification of a child that is any other actor.
child_spec actor_child(std::string name, actor_factory make);

/// Returns the specification of a child that is itself a supervisor. It is
/// ready when its children are. It may take any time to get ready and to end
/// its children.
child_spec supervisor_child(std::string name, std::vector<child_spec> children,
                            supervisor_options options = {});

} // namespace procession
