#pragma once

#include "procession/messages/supervisor.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// Options for all children of a supervisor.
struct supervisor_options {
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_intensity intensity = {};
  /// Where the jitter of back-offs begins, so that it can be repeated; 0: by
  /// chance.
  std::uint64_t seed = 0;
  /// Events that are kept for subscribers that are behind, or not yet there.
  std::size_t retained_events = 1024;
};

/// Makes a supervisor, which begins to start `children` in their order. It ends
/// with the last handle to it, or as messages/supervisor.hpp says; monitor it
/// to learn why.
///
///     auto boss = make_supervisor(
///       sys,
///       {session_child("database", where, database,
///                      ready_output{"ready to accept connections"}),
///        session_child("server", where, server,
///                      ready_probe{rt.port_probe(8080)})},
///       {.strategy = restart_strategy::rest_for_one});
///
/// @returns `invalid_argument` or `duplicate_child` for what can't be kept.
caf::expected<supervisor> make_supervisor(caf::actor_system& sys,
                                          std::vector<child_spec> children,
                                          supervisor_options options = {});

/// A child that is a session; what is not said is as in `child_spec`.
child_spec session_child(std::string name, spawner where, command what,
                         readiness ready = ready_at_once{});

/// A child that is any other actor.
child_spec actor_child(std::string name, actor_factory make);

/// A child that is a supervisor itself. It is ready when its children are, and
/// has as long as they take for that, and for ending them.
child_spec supervisor_child(std::string name, std::vector<child_spec> children,
                            supervisor_options options = {});

} // namespace procession
