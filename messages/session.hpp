#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/events.hpp"
#include "procession/messages/fwd.hpp"

#include <caf/fwd.hpp>
#include <caf/timestamp.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// The life of a session; it only moves down this list.
enum class session_state : std::uint8_t { starting, running, exited, closed };

/// Signals by name, the same on every backend. The first six are SIGINT,
/// SIGHUP, SIGQUIT, SIGTERM, SIGKILL and SIGSTOP.
enum class signal_name : std::uint8_t {
  interrupt,
  hangup,
  quit,
  terminate,
  kill,
  stop,
  /// Continues a stopped process (SIGCONT).
  resume,
  /// The program defines their meaning (SIGUSR1, SIGUSR2, SIGALRM).
  user1,
  user2,
  alarm,
};

/// The last signal, for checks of external input.
inline constexpr auto last_signal_name = signal_name::alarm;

/// What happens when a subscriber's window is full.
enum class delivery : std::uint8_t {
  /// The session pauses reading from the child until the subscriber
  /// acknowledges.
  lossless,
  /// The session continues reading; output that leaves the log in the meantime
  /// becomes a `gap`.
  lossy,
  /// The subscriber gets neither `output` nor `gap` and holds nothing back. For
  /// `unsubscribed_policy` it does not count as a subscriber.
  events_only,
};

/// The terms of a subscription.
struct subscription {
  /// Where the output begins; the default replays everything that is retained.
  cursor from = {};
  /// Number of bytes that may be unacknowledged. At least 1.
  std::uint64_t window = 256 * 1024;
  delivery mode = delivery::lossless;
};

/// The state of a session.
struct session_info {
  session_id id;
  session_state state = session_state::starting;
  /// 0 before the start and after a failed one. A runner that is less trusted
  /// only claims it: do not signal it.
  std::int64_t pid = 0;
  command spec;
  containment_kind containment = containment_kind::unknown;
  /// When the session was created.
  caf::timestamp started;
  /// When the last output arrived; the epoch if there was none.
  caf::timestamp last_output;
  /// Bytes that each output stream has brought so far.
  cursor produced;
  /// Bytes of input that the kernel took for the child.
  std::uint64_t consumed_stdin = 0;
  /// Bytes of input that wait.
  std::uint64_t queued_stdin = 0;
  /// Bytes of output in the log.
  std::uint64_t retained = 0;
  /// How many subscribers get output.
  std::uint64_t subscribers = 0;
  /// Whether reading from the child is paused for a subscriber.
  bool paused = false;
  /// Number of the signal that stopped the process; 0 while it runs
  /// (`command::report_stops`).
  std::int32_t stopped = 0;
  /// Valid from state `exited` on.
  exit_status status;
  /// Whether both streams were read to their end. Valid in state `closed`.
  bool complete = true;
  /// Valid in state `closed`.
  leftovers rest = {};
  /// Why it did not start; empty if it did.
  std::string start_error;
};

/// The result of a cursor read.
struct page {
  /// In the order of arrival. Their `seq` is 0, as they belong to no
  /// subscription.
  std::vector<output> outputs;
  /// Output between the cursor and the beginning of the log: at most one gap
  /// for each stream.
  std::vector<gap> gaps;
  /// The cursor for the next read.
  cursor next;
  session_state state = session_state::starting;
  /// Valid from state `exited` on.
  exit_status status;
  /// Whether both streams were read to their end. Valid in state `closed`.
  bool complete = true;
};

// Texts for people and logs.
std::string to_string(session_state x);
std::string to_string(signal_name x);
std::string to_string(delivery x);
std::string to_string(const subscription& x);
std::string to_string(const session_info& x);
std::string to_string(const page& x);

PROCESSION_INSPECT(subscription, from, window, mode);
PROCESSION_INSPECT(session_info, id, state, pid, spec, containment, started,
                   last_output, produced, consumed_stdin, queued_stdin,
                   retained, subscribers, paused, stopped, status, complete,
                   rest, start_error);
PROCESSION_INSPECT(page, outputs, gaps, next, state, status, complete);

} // namespace procession

// CAF's macro must stand outside of any namespace. The verbs of the interfaces
// below.
CAF_BEGIN_TYPE_ID_BLOCK(procession_atoms, 3000)
  CAF_ADD_ATOM(procession_atoms, procession, write_atom, "write")
  CAF_ADD_ATOM(procession_atoms, procession, close_stdin_atom, "closestdin")
  CAF_ADD_ATOM(procession_atoms, procession, resize_atom, "resize")
  CAF_ADD_ATOM(procession_atoms, procession, signal_atom, "signal")
  CAF_ADD_ATOM(procession_atoms, procession, terminate_atom, "terminate")
  CAF_ADD_ATOM(procession_atoms, procession, info_atom, "info")
  CAF_ADD_ATOM(procession_atoms, procession, wait_atom, "wait")
  CAF_ADD_ATOM(procession_atoms, procession, ready_atom, "ready")
  CAF_ADD_ATOM(procession_atoms, procession, read_atom, "read")
  CAF_ADD_ATOM(procession_atoms, procession, subscribe_atom, "subscribe")
  CAF_ADD_ATOM(procession_atoms, procession, unsubscribe_atom, "unsubscrib")
  CAF_ADD_ATOM(procession_atoms, procession, ack_atom, "ack")
  CAF_ADD_ATOM(procession_atoms, procession, spawn_atom, "spawn")
  CAF_ADD_ATOM(procession_atoms, procession, find_atom, "find")
  CAF_ADD_ATOM(procession_atoms, procession, list_atom, "list")
  CAF_ADD_ATOM(procession_atoms, procession, stop_atom, "stop")
CAF_END_TYPE_ID_BLOCK(procession_atoms)

namespace procession {

/// The events that a session sends to its subscribers. Any actor may be a
/// subscriber; a statically typed one handles these.
using subscriber
  = typed_actor<caf::result<void>(started), caf::result<void>(output),
                caf::result<void>(gap), caf::result<void>(stopped),
                caf::result<void>(continued), caf::result<void>(exited),
                caf::result<void>(closed)>;

/// One process, wherever it runs. An actor can send these messages itself, or
/// use `open` and `listening` (actors/listening.hpp).
///
///     self->request(shell, caf::infinite, write_atom_v,
///                   shared_bytes{"make\n"})
///       .then([](std::uint64_t bytes) { ... });
using session = typed_actor<
  /// Sends input; answered with the number of bytes (all of them) once the
  /// kernel took them. Errors: `stdin_closed`, `stdin_full` (none was taken),
  /// `line_too_long` (a terminal in line mode would drop the rest of a line;
  /// none was taken, but in a runner this applies to each 64 KiB separately),
  /// `already_exited`.
  caf::result<std::uint64_t>(write_atom, shared_bytes),
  /// Ends input after the queued bytes. On a PTY: types the terminal's
  /// end-of-file character once all input was read, and again each time it was
  /// read, so that every reader finds the end, as on a closed pipe. (A program
  /// with a line editor that was not ready for it may take it for text, as the
  /// REPL of Python 3.13 does.) Repeated requests have no effect.
  caf::result<void>(close_stdin_atom),
  /// Resizes the terminal. Errors: `not_a_terminal`, `invalid_argument`,
  /// `already_exited`.
  caf::result<void>(resize_atom, terminal_size),
  /// Signals the process group; on a PTY `interrupt` and `quit` go to the
  /// foreground job, as with the keys. Error: `already_exited`.
  caf::result<void>(signal_atom, signal_name),
  /// Asks every process of the tree to end, and kills the remaining ones after
  /// the command's grace, which applies to the whole tree. Answered with the
  /// status once the process has ended (immediately if it had).
  caf::result<exit_status>(terminate_atom),
  /// @copydoc terminate_atom Uses the given grace; zero kills at once.
  caf::result<exit_status>(terminate_atom, caf::timespan),
  /// @copydoc terminate_atom Asks with the given signal instead of SIGTERM.
  caf::result<exit_status>(terminate_atom, signal_name, caf::timespan),
  /// Answered with the current state of the session.
  caf::result<session_info>(info_atom),
  /// Answered with the status once the process has ended; with the error of the
  /// start if it never ran.
  caf::result<exit_status>(wait_atom),
  /// Answered with the session's info once it has reached that state or a later
  /// one; a failed start also counts as `exited`, then `closed`. Error: `busy`
  /// (a thousand requests wait already).
  caf::result<session_info>(wait_atom, session_state),
  /// Answered once the program has written a line to its notification
  /// descriptor. Errors: `invalid_argument` (the command has none),
  /// `already_exited`, `busy`; that of the start if it never ran.
  caf::result<void>(ready_atom),
  /// Reads from a cursor, at most the given number of bytes, and waits at most
  /// the given time for the first of them (`max_timespan`: without limit); a
  /// closed session answers at once. Error: `invalid_argument` (zero bytes
  /// requested, cursor past the end).
  caf::result<page>(read_atom, cursor, std::uint64_t, caf::timespan),
  /// Subscribes the sender to the events: `started` first (unless the start
  /// failed), `output` and `gap`, `stopped` and `continued` if the command
  /// reports stops, `exited`, and `closed` last. Errors: `already_subscribed`,
  /// `invalid_argument` (window 0, cursor past the end), `no_sender`.
  caf::result<void>(subscribe_atom, subscription),
  /// Ends the sender's subscription. Error: `not_subscribed`.
  caf::result<void>(unsubscribe_atom),
  /// Acknowledges that many bytes: reopens the sender's window.
  caf::result<void>(ack_atom, std::uint64_t)>;

/// Starts sessions and keeps track of them.
///
///     self->request(where, caf::infinite, spawn_atom_v,
///                   command{.program = "bash", .stdio = pty()})
///       .then([=](const session& shell) { ... });
using spawner = typed_actor<
  /// Starts a session; answered once the program runs. Errors: every code of a
  /// failed start, `session_limit`, `duplicate_session` (a session of that name
  /// is not closed; a closed one is replaced).
  caf::result<session>(spawn_atom, command),
  /// The same, and subscribes the sender before the program runs, so that it
  /// misses nothing: the events follow the answer; after an error there are
  /// none. Further errors: `invalid_argument` (window 0, a cursor that is not
  /// the beginning), `no_sender`.
  caf::result<session>(spawn_atom, command, subscription),
  /// Finds a session by its id, including starting and failed ones.
  caf::result<session>(find_atom, session_id),
  /// Lists every session that is live or still retained.
  caf::result<session_list>(list_atom),
  /// Terminates all sessions that are not closed, each with the grace of its
  /// command; answered once all of them are closed, however they ended. A
  /// lossless subscriber that takes nothing can delay this. Other sessions may
  /// be started in the meantime. Error: `busy`.
  caf::result<void>(terminate_atom),
  /// @copydoc terminate_atom Uses one grace for all; zero kills at once.
  caf::result<void>(terminate_atom, caf::timespan)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_session_handle, 3018)
  CAF_ADD_TYPE_ID(procession_session_handle, (procession::session))
  CAF_ADD_TYPE_ID(procession_session_handle, (procession::spawner))
CAF_END_TYPE_ID_BLOCK(procession_session_handle)
