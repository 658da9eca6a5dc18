#pragma once

#include "procession/messages/session.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/fwd.hpp>

#include <cstddef>
#include <memory>

namespace procession {

/// Limits of one spawner.
struct spawner_options {
  /// The maximum number of sessions that are not closed yet. Another one is
  /// refused (`session_limit`).
  std::size_t max_sessions = 4096;
  /// The maximum number of closed sessions that are kept for `info` and `read`;
  /// beyond it, the session that closed first is released, before its retention
  /// is over. It should exceed the number of sessions that may end at the same
  /// moment: `run`, the exec tool and supervisors still read from a session
  /// after it is closed.
  std::size_t max_retained = 256;
};

/// Creates a spawner of sessions on this machine. It ends when its last handle
/// is gone, or when it receives an exit message, and its sessions end with it.
/// `host` creates one together with everything that it needs; this function is
/// for a program that has its own actor system:
///
///     runtime rt;
///     config cfg;
///     caf::actor_system sys{cfg};
///     auto where = make_spawner(sys, rt);
///
/// @param rt should outlive `sys`.
spawner make_spawner(caf::actor_system& sys, const runtime& rt,
                     spawner_options options = {});

/// Creates a spawner of sessions whose processes are created by `children`.
spawner make_spawner(caf::actor_system& sys,
                     std::shared_ptr<child_factory> children,
                     spawner_options options = {});

} // namespace procession
