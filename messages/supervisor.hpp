#pragma once

#include "procession/messages/fwd.hpp"
#include "procession/messages/readiness.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor.hpp>
#include <caf/expected.hpp>
#include <caf/timespan.hpp>
#include <caf/type_id.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace procession {

/// Whether a child that ended by itself is started again.
enum class restart_kind : std::uint8_t {
  /// Always.
  permanent,
  /// If it failed; after success it is `finished`.
  transient,
  /// Never, not even with its siblings; the supervisor forgets it.
  temporary,
};

/// Which other children are restarted with one that ends.
enum class restart_strategy : std::uint8_t {
  /// Nobody.
  one_for_one,
  /// Every child.
  one_for_all,
  /// The children that were started after it.
  rest_for_one,
};

/// How many restarts are too many: one more than so many within the period. A
/// supervisor remembers when each of them was, so they are 65,536 at most.
struct restart_intensity {
  std::uint32_t restarts = 5;
  caf::timespan period = std::chrono::seconds{10};
};

/// How long to wait before a child is started again: `first`, and after each
/// further failure `factor` times as long, up to `limit`; varied by up to the
/// share `jitter` (0 to 1) in both directions, never beyond `limit`.
struct backoff {
  caf::timespan first = std::chrono::milliseconds{100};
  caf::timespan limit = std::chrono::seconds{30};
  double factor = 2;
  double jitter = 0.2;
  /// Being ready for so long makes earlier failures forgotten.
  caf::timespan reset_after = std::chrono::seconds{10};
};

/// A child that is a session.
struct session_start {
  spawner where;
  /// Its grace is how long the child may take to end when it is stopped. The
  /// id must be empty, as each start is a session of its own; the owner is the
  /// supervisor.
  command what;
  readiness ready;
  /// Exit codes that count as success. An end by `terminate` does, too.
  std::vector<std::uint32_t> success = {0};
};

/// Makes an actor, or says why not. Called by the supervisor on a worker of
/// CAF: it must not block.
using actor_factory
  = std::function<caf::expected<caf::actor>(caf::actor_system&)>;

/// A child that is any other actor. It ends in success with the reasons
/// `normal` and `user_shutdown`. It is stopped with `user_shutdown`.
struct actor_start {
  actor_factory make;
  /// It is ready once it has answered `wait_atom`, which an error says it never
  /// will be. False: at once.
  bool answers = false;
  /// How long it may take to end before it is killed (`max_timespan`: as long
  /// as it takes).
  caf::timespan grace = std::chrono::seconds{5};
};

/// Everything needed to keep a child. It holds functions and handles, so that
/// it does not leave the process.
struct child_spec {
  /// Unique in its supervisor.
  std::string name;
  std::variant<session_start, actor_start> start;
  restart_kind restart = restart_kind::permanent;
  backoff pause;
  /// Time from its start until it must be ready (`max_timespan`: as long as it
  /// takes).
  caf::timespan ready_within = std::chrono::seconds{30};
};

/// The state of a child.
enum class child_state : std::uint8_t {
  /// Its turn to be started has not come.
  waiting,
  /// It was started, and is not ready.
  starting,
  /// It is ready.
  running,
  /// It was asked to end.
  stopping,
  /// It failed, and is started again in a while.
  backing_off,
  /// It ended and is not started again.
  finished,
  /// It was stopped on request.
  stopped,
};

/// A child and its state.
struct child_info {
  std::string name;
  child_state state = child_state::waiting;
  restart_kind restart = restart_kind::permanent;
  /// The number of its starts.
  std::uint64_t starts = 0;
  /// The session that runs; none if none does or it is no session.
  procession::session session;
  session_id id;
  std::int64_t pid = 0;
  /// The actor that runs, if the child is no session.
  caf::actor actor;
  /// Its last end, for people; empty if it never did.
  std::string last_end;
};

/// The kind of an event of a child or of the supervisor itself.
enum class supervisor_event_kind : std::uint8_t {
  /// It runs.
  started,
  /// Others can rely on it.
  ready,
  /// It does not run, or was not ready in time or before its end.
  start_failed,
  /// It was asked to end.
  stopping,
  /// It has ended.
  exited,
  /// It, with a group its siblings too, is started again after `delay`.
  backing_off,
  /// The supervisor has forgotten it.
  removed,
  /// The supervisor stops its children, and ends.
  gave_up,
  /// The last event: the supervisor has ended.
  ended,
};

/// An event that a supervisor sends to its subscribers.
struct supervisor_event {
  /// Counts the events of the supervisor from 1.
  std::uint64_t seq = 0;
  supervisor_event_kind what = supervisor_event_kind::started;
  /// The child that it is about; empty: the supervisor itself. A group that
  /// backs off goes by the child that failed.
  std::string child;
  /// Which start of the child it belongs to.
  std::uint64_t start = 0;
  /// Of a child that is a session, from `started` on.
  session_id id;
  std::int64_t pid = 0;
  /// Of a session that has `exited`.
  exit_status status;
  /// How or why, for people: of `start_failed`, `exited`, `gave_up`, `ended`.
  std::string why;
  /// Of `backing_off`.
  caf::timespan delay = caf::timespan::zero();

  bool operator==(const supervisor_event&) const = default;
};

/// Events [from, to) are no longer retained and were not delivered: `list`
/// tells how things stand.
struct events_missed {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// The terms of a subscription to events.
struct event_subscription {
  /// The first event that is wanted: the default replays all that is retained.
  std::uint64_t from = 1;
  /// The number of events that may be unacknowledged. At least 1.
  std::uint64_t window = 256;
};

/// Checks a child without touching the system.
/// @returns what is wrong with it (`invalid_argument` at `validate`).
std::optional<failure> validate(const child_spec& x);

/// @copydoc validate
std::optional<failure> validate(const restart_intensity& x);

std::string to_string(restart_kind x);
std::string to_string(restart_strategy x);
std::string to_string(child_state x);
std::string to_string(const child_info& x);
std::string to_string(supervisor_event_kind x);
/// "7 web#2 exited: exit code 3"
std::string to_string(const supervisor_event& x);
std::string to_string(const events_missed& x);
std::string to_string(const event_subscription& x);

/// @relates child_info
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, child_info& x) {
  return inspect_fields(f, x, "child_info", field("name", x.name),
                        field("state", x.state), field("restart", x.restart),
                        field("starts", x.starts), field("session", x.session),
                        field("id", x.id), field("pid", x.pid),
                        field("actor", x.actor), field("last_end", x.last_end));
}

/// @relates supervisor_event
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, supervisor_event& x) {
  return inspect_fields(f, x, "supervisor_event", field("seq", x.seq),
                        field("what", x.what), field("child", x.child),
                        field("start", x.start), field("id", x.id),
                        field("pid", x.pid), field("status", x.status),
                        field("why", x.why), field("delay", x.delay));
}

/// @relates events_missed
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, events_missed& x) {
  return inspect_fields(f, x, "events_missed", field("from", x.from),
                        field("to", x.to));
}

/// @relates event_subscription
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, event_subscription& x) {
  return inspect_fields(f, x, "event_subscription", field("from", x.from),
                        field("window", x.window));
}

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_supervisor_atoms, 3040)
  PROCESSION_LOCAL(procession_supervisor_atoms, procession::child_spec)
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, add_atom, "add")
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, remove_atom, "remove")
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, restart_atom, "restart")
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, stop_atom, "stop")
CAF_END_TYPE_ID_BLOCK(procession_supervisor_atoms)

namespace procession {

/// The messages that a supervisor sends to its subscribers. A subscriber may be
/// any actor; one that is statically typed handles these.
using supervisor_subscriber = typed_actor<caf::result<void>(supervisor_event),
                                          caf::result<void>(events_missed)>;

/// Keeps children: starts them in order, each when the one before is ready,
/// restarts those that fail, and stops them in reverse order when it ends.
///
/// It ends by `terminate` or an exit message, and with an error as its exit
/// reason when it gives up: after too many restarts (`restart_limit`), or when
/// one of the children it was made with does not come up at its first start
/// (that child's error). If it is killed its children are killed.
///
/// While it ends, whatever it cannot do any more has the error that it ends
/// with, or `supervisor_ended`. What has to wait may have the error `busy`: a
/// thousand wait for the same already.
using supervisor = typed_actor<
  /// Answered once no child waits for its turn to be started.
  caf::result<child_list>(wait_atom),
  /// Adds a child behind the others; answered once it is ready. If that fails
  /// nothing of it remains, and the others are not touched. Errors: why it is
  /// not ready, `duplicate_child`, `invalid_argument`.
  caf::result<child_info>(add_atom, child_spec),
  /// Stops a child and forgets it; answered when nothing of it is left, or, if
  /// it is a session that a subscriber holds up, when its process has ended and
  /// its drain deadline is over: then what is left of its tree is being killed.
  /// Errors: `no_such_child`.
  caf::result<void>(remove_atom, std::string),
  /// Stops a child, if it runs, and starts it at once, which is no failure and
  /// concerns no sibling; answered once it is ready. Errors: why it is not,
  /// `no_such_child`.
  caf::result<child_info>(restart_atom, std::string),
  /// Stops a child; answered as `remove_atom` is. It stays so until `restart`.
  /// Errors: `no_such_child`.
  caf::result<void>(stop_atom, std::string),
  /// Tells of a child. Error: `no_such_child`.
  caf::result<child_info>(find_atom, std::string),
  /// Tells of the children, in their order.
  caf::result<child_list>(list_atom),
  /// Subscribes the sender to `supervisor_event` and `events_missed`; the
  /// answer is the number of the first event that will come. Errors:
  /// `already_subscribed`, `invalid_argument`, `no_sender`.
  caf::result<std::uint64_t>(subscribe_atom, event_subscription),
  /// Ends the sender's subscription. Error: `not_subscribed`.
  caf::result<void>(unsubscribe_atom),
  /// Gives the sender's window so many events back.
  caf::result<void>(ack_atom, std::uint64_t),
  /// Stops all children in reverse order; answered when nothing of them is
  /// left and the supervisor ends.
  caf::result<void>(terminate_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_supervisor_handle, 3046)
  CAF_ADD_TYPE_ID(procession_supervisor_handle, (procession::supervisor))
CAF_END_TYPE_ID_BLOCK(procession_supervisor_handle)
