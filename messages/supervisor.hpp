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

/// When a child that ended by itself is started again.
enum class restart_kind : std::uint8_t {
  /// Always.
  permanent,
  /// If it failed; after success it stays `succeeded`.
  transient,
  /// Never, not even with its siblings; the supervisor removes it.
  temporary,
};

/// Which other children are restarted when one ends.
enum class restart_strategy : std::uint8_t {
  /// None of them.
  one_for_one,
  /// Every child.
  one_for_all,
  /// The children that were started after it.
  rest_for_one,
};

/// The limit of restarts: a further restart within the period is too many. The
/// supervisor remembers the time of each, so `restarts` is at most 65,536.
struct restart_intensity {
  std::uint32_t restarts = 5;
  caf::timespan period = std::chrono::seconds{10};
};

/// Delay before a child is started again: `first`, and after each further
/// failure `factor` times as long, up to `limit`. It varies by up to the share
/// `jitter` (0 to 1) in both directions, but never exceeds `limit`.
struct backoff {
  caf::timespan first = std::chrono::milliseconds{100};
  caf::timespan limit = std::chrono::seconds{30};
  double factor = 2;
  double jitter = 0.2;
  /// A child that was ready for this long has no earlier failures any more.
  caf::timespan reset_after = std::chrono::seconds{10};
};

/// A child that is a session.
struct session_start {
  spawner where;
  /// The command's grace is the time that the child may take to end when it is
  /// stopped. The id must be empty, as each start is a new session; the owner
  /// is the supervisor.
  command what;
  readiness ready;
  /// Exit codes that count as success. An end by `terminate` also does.
  std::vector<std::uint32_t> success = {0};
};

/// Creates an actor, or returns why it cannot. The supervisor calls it on a
/// worker thread of CAF, so it must not block.
using actor_factory
  = std::function<caf::expected<caf::actor>(caf::actor_system&)>;

/// A child that is any other actor. The exit reasons `normal` and
/// `user_shutdown` count as success. It is stopped with `user_shutdown`.
struct actor_start {
  actor_factory make;
  /// Whether it is ready only after it has answered `wait_atom`; an error as
  /// the answer means that it never will be. False: ready at once.
  bool answers = false;
  /// Time that it may take to end before it is killed (`max_timespan`: without
  /// limit).
  caf::timespan grace = std::chrono::seconds{5};
};

/// Everything needed to keep a child. It holds functions and handles, so it
/// cannot be sent to another process.
struct child_spec {
  /// Unique in its supervisor.
  std::string name;
  std::variant<session_start, actor_start> start;
  restart_kind restart = restart_kind::permanent;
  backoff pause;
  /// Time from its start until it must be ready (`max_timespan`: without
  /// limit).
  caf::timespan ready_within = std::chrono::seconds{30};
};

/// The state of a child.
enum class child_state : std::uint8_t {
  /// Its turn to start has not come yet.
  waiting,
  /// It was started, and is not ready yet.
  starting,
  /// It is ready.
  running,
  /// It was asked to end.
  stopping,
  /// It failed, and is started again after a delay.
  backing_off,
  /// It ended with success and is not started again.
  succeeded,
  /// It was stopped on request.
  stopped,
};

/// A child and its state.
struct child_info {
  std::string name;
  child_state state = child_state::waiting;
  restart_kind restart = restart_kind::permanent;
  /// How many times it was started.
  std::uint64_t starts = 0;
  /// The running session; empty if there is none or the child is not a session.
  procession::session session;
  session_id id;
  std::int64_t pid = 0;
  /// The running actor, if the child is not a session.
  caf::actor actor;
  /// How it last ended, for people; empty if it never did.
  std::string last_end;
};

/// The kind of an event of a child or of the supervisor itself.
enum class supervisor_event_kind : std::uint8_t {
  /// It runs.
  started,
  /// Others can rely on it.
  ready,
  /// It did not start, was not ready in time, or ended before it was.
  start_failed,
  /// It was asked to end.
  stopping,
  /// It has ended.
  exited,
  /// It is started again after `delay`; in a group, its siblings are too.
  backing_off,
  /// The supervisor removed it.
  removed,
  /// The supervisor stops its children, and then ends.
  gave_up,
  /// The last event: the supervisor has ended.
  ended,
};

/// An event that a supervisor sends to its subscribers.
struct supervisor_event {
  /// Counts the events of the supervisor from 1.
  std::uint64_t seq = 0;
  supervisor_event_kind what = supervisor_event_kind::started;
  /// Name of the child; empty if the event is about the supervisor itself. For
  /// a group that backs off, the child that failed.
  std::string child;
  /// Number of the start that it belongs to.
  std::uint64_t start = 0;
  /// For a session, from `started` on.
  session_id id;
  std::int64_t pid = 0;
  /// For a session that has `exited`.
  exit_status status;
  /// How or why, for people: in `start_failed`, `exited`, `gave_up`, `ended`.
  std::string why;
  /// In `backing_off`.
  caf::timespan delay = caf::timespan::zero();

  bool operator==(const supervisor_event&) const = default;
};

/// Events [from, to) that are no longer retained and were not delivered: `list`
/// returns the current state.
struct events_missed {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// The terms of a subscription to events.
struct event_subscription {
  /// The first event to send; the default replays everything that is retained.
  std::uint64_t from = 1;
  /// Number of events that may be unacknowledged. At least 1.
  std::uint64_t window = 256;
};

/// Checks a child without touching the system.
/// @returns the violation (`invalid_argument` at `validate`), if there is one.
std::optional<failure> validate(const child_spec& x);

/// @copydoc validate
std::optional<failure> validate(const restart_intensity& x);

// Texts for people and logs.
std::string to_string(restart_kind x);
std::string to_string(restart_strategy x);
std::string to_string(child_state x);
std::string to_string(const child_info& x);
std::string to_string(supervisor_event_kind x);
/// Returns a line for people: "7 web#2 exited: exit code 3".
std::string to_string(const supervisor_event& x);
std::string to_string(const events_missed& x);
std::string to_string(const event_subscription& x);

PROCESSION_INSPECT(child_info, name, state, restart, starts, session, id, pid,
                   actor, last_end);
PROCESSION_INSPECT(supervisor_event, seq, what, child, start, id, pid, status,
                   why, delay);
PROCESSION_INSPECT(events_missed, from, to);
PROCESSION_INSPECT(event_subscription, from, window);

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_supervisor_atoms, 3040)
  PROCESSION_LOCAL(procession_supervisor_atoms, procession::child_spec)
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, add_atom, "add")
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, remove_atom, "remove")
  CAF_ADD_ATOM(procession_supervisor_atoms, procession, restart_atom, "restart")
CAF_END_TYPE_ID_BLOCK(procession_supervisor_atoms)

namespace procession {

/// The messages that a supervisor sends to its subscribers. Any actor may be a
/// subscriber; a statically typed one handles these.
using supervisor_subscriber = typed_actor<caf::result<void>(supervisor_event),
                                          caf::result<void>(events_missed)>;

/// Keeps children running: starts them in order, each when its predecessor is
/// ready, restarts those that fail, and stops them in reverse order when it
/// ends.
///
/// It ends on `stop` or an exit message. When it gives up, it ends with an
/// error as its exit reason: after too many restarts (`restart_limit`), or when
/// one of its initial children does not come up at its first start (that
/// child's error). If it is killed, its children are killed.
///
/// While it ends, requests that it can no longer serve fail with the error that
/// it ends with, or with `supervisor_ended`. A request that must wait may fail
/// with `busy`: a thousand wait for the same already.
using supervisor = typed_actor<
  /// Answered once no child waits for its turn to start.
  caf::result<child_list>(wait_atom),
  /// Adds a child after the others; answered once it is ready. If that fails,
  /// the child is removed again and the others are unaffected. Errors: why it
  /// is not ready, `duplicate_child`, `invalid_argument`.
  caf::result<child_info>(add_atom, child_spec),
  /// Stops a child and removes it; answered when nothing is left of it. If a
  /// subscriber holds up its session, the answer comes when the process has
  /// ended and its drain deadline is over; the rest of its tree is then being
  /// killed. Errors: `no_such_child`.
  caf::result<void>(remove_atom, std::string),
  /// Stops a child, if it runs, and starts it at once. This is not a failure
  /// and does not affect its siblings; answered once it is ready. Errors: why
  /// it is not ready, `no_such_child`.
  caf::result<child_info>(restart_atom, std::string),
  /// Stops a child; answered like `remove_atom`. It remains stopped until
  /// `restart`. Errors: `no_such_child`.
  caf::result<void>(stop_atom, std::string),
  /// Returns the state of a child. Error: `no_such_child`.
  caf::result<child_info>(find_atom, std::string),
  /// Lists the children in their order.
  caf::result<child_list>(list_atom),
  /// Subscribes the sender to `supervisor_event` and `events_missed`; the
  /// answer is the number of the first event to come. Errors:
  /// `already_subscribed`, `invalid_argument`, `no_sender`.
  caf::result<std::uint64_t>(subscribe_atom, event_subscription),
  /// Ends the sender's subscription. Error: `not_subscribed`.
  caf::result<void>(unsubscribe_atom),
  /// Acknowledges that many events: reopens the sender's window.
  caf::result<void>(ack_atom, std::uint64_t),
  /// Stops all children in reverse order; answered when nothing is left of them
  /// and the supervisor ends.
  caf::result<void>(stop_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_supervisor_handle, 3046)
  CAF_ADD_TYPE_ID(procession_supervisor_handle, (procession::supervisor))
CAF_END_TYPE_ID_BLOCK(procession_supervisor_handle)
