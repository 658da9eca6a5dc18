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
  /// Sessions that are not closed yet. One more is refused (`session_limit`).
  std::size_t max_sessions = 4096;
  /// Closed sessions that are kept for `info` and `read`; beyond it the one
  /// closed first goes, before its retention is over. More than may end at the
  /// same moment: `run`, the exec tool and supervisors read what a session left
  /// when it is closed.
  std::size_t max_retained = 256;
};

/// Makes a spawner of sessions on this machine. Its sessions end with it: when
/// the last handle to it is gone, or it is sent an exit message. `host` makes
/// one together with all that it needs; this is for a program that has an actor
/// system:
///
///     runtime rt;
///     config cfg;
///     caf::actor_system sys{cfg};
///     auto where = make_spawner(sys, rt);
///
/// @param rt should outlive `sys`.
spawner make_spawner(caf::actor_system& sys, const runtime& rt,
                     spawner_options options = {});

/// Makes a spawner of sessions whose processes `children` makes.
spawner make_spawner(caf::actor_system& sys,
                     std::shared_ptr<child_factory> children,
                     spawner_options options = {});

} // namespace procession
