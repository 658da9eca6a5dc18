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

/// An event in one start of a supervisor's child.
struct child_report {
  /// The session runs.
  struct started {
    procession::session session;
    session_id id;
    std::int64_t pid = 0;
  };

  /// Others can rely on the child.
  struct ready {};

  /// The child does not run, or will never be ready.
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
  /// The number of the start.
  std::uint64_t start = 0;
  // The first alternative can be created while this class is incomplete, as CAF
  // 1 needs.
  std::variant<ready, started, unready, not_yet, exited> what;
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_child_report, 3030)
  PROCESSION_LOCAL(procession_child_report, procession::child_report)
PROCESSION_END_LOCAL(procession_child_report)

namespace procession {

/// The interface of a supervisor, and the messages from its children and its
/// timer.
using supervisor_impl = extended<supervisor, caf::result<void>(child_report),
                                 caf::result<void>(timer_fired)>;

/// Sends reports to a supervisor without keeping it alive. (A request would
/// keep it alive, as the actor that must answer holds the sender.)
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
