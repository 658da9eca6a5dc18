#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/session.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace procession {

/// What happened in one start of one child of a supervisor.
struct child_report {
  /// A session runs.
  struct started {
    procession::session session;
    session_id id;
    std::int64_t pid = 0;
  };

  /// Others can rely on it.
  struct ready {};

  /// It does not run, or never will be ready.
  struct unready {
    caf::error why;
  };

  /// A probe has not found it ready yet.
  struct not_yet {
    /// Why, in one line.
    std::string why;
  };

  /// The process of a session has ended; more of its output may come.
  struct exited {
    exit_status status;
  };

  /// The number that the supervisor gave to the child.
  std::uint64_t child = 0;
  /// Which start of it.
  std::uint64_t start = 0;
  // The first can be created while this class is incomplete, as CAF 1 needs.
  std::variant<ready, started, unready, not_yet, exited> what;
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_child_report, 3030)
  PROCESSION_LOCAL(procession_child_report, procession::child_report)
PROCESSION_END_LOCAL(procession_child_report)

namespace procession {

/// The interface of a supervisor, and what its children and its timer send it.
using supervisor_impl = extended<supervisor, caf::result<void>(child_report),
                                 caf::result<void>(timer_fired)>;

/// Reports to a supervisor, which it does not keep. (A request would: whoever
/// has to answer it keeps the one who asked.)
struct reporter {
  /// Reacts to `child_report`.
  caf::actor_addr supervisor;
  std::uint64_t child = 0;
  std::uint64_t start = 0;

  template <class Actor, class T>
  void operator()(Actor* self, T what) const {
    using receiver = typed_actor<caf::result<void>(child_report)>;
    if (auto to = caf::actor_cast<receiver>(supervisor))
      self->send(to, child_report{child, start, std::move(what)});
  }
};

} // namespace procession
