#pragma once

#include "procession/messages/fwd.hpp"
#include "procession/messages/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// As `exec_wait::timeout`: the tool's default for the request.
inline constexpr caf::timespan default_wait{-1};

/// The longest time to wait for an answer, and the events that end the wait. A
/// wait always ends when the session is closed: all its output is available
/// then.
struct exec_wait {
  /// The longest wait; longer ones are cut to the tool's limit. Zero: the
  /// answer comes at once, with the output so far; to a command, as soon as it
  /// runs.
  caf::timespan timeout = default_wait;
  /// Ends the wait when one of these texts arrives, or has arrived since the
  /// last match and the last input, even if an earlier answer took it. The echo
  /// of typed input on a terminal does not count.
  std::vector<std::string> until;
  /// The same with regular expressions in Perl's syntax (Boost.Regex), over
  /// bytes: '^' and '$' match at every line, '$' also at the current end of the
  /// output, and '.' does not match a line end. An expression that takes too
  /// many steps ends the wait with `invalid_argument`.
  std::vector<std::string> until_regex;
  /// Ends the wait when there is any output.
  bool on_output = false;
  /// Bytes of text in the answer; zero: the tool's default. The middle of
  /// longer output is left out.
  std::uint64_t max_output = 0;
};

/// A command for the exec tool: either `script` or `argv`.
struct exec_request {
  /// Name of the session, unique in its spawner; empty: the tool chooses one.
  session_id id;
  /// Text for the tool's shell.
  std::string script;
  /// A program and its arguments.
  std::vector<std::string> argv;
  /// Working directory; empty: that of the process that spawns.
  std::string cwd;
  /// To an inherited environment the tool adds variables of its own, which
  /// these replace or unset.
  environment env;
  /// Whether to use a terminal of `size`, which has input; otherwise both
  /// outputs share one pipe.
  bool tty = false;
  terminal_size size;
  /// Without a terminal: the null device, or a pipe that stays open until it is
  /// closed.
  stdin_kind input = stdin_kind::null;
  /// Time that the process may run before it is terminated; zero: no limit.
  caf::timespan timeout{};
  /// Keeps the processes that it leaves in the background. The wait ends when
  /// the process itself has ended, unless it waits for output; the session
  /// continues until the last of the other processes has ended or it is
  /// terminated.
  bool keep_background = false;
  exec_wait wait;
};

/// Input for a session that has one: `text`, then `keys`, then the end if
/// `close` is set. Input that the process does not take at once waits, and is
/// delivered after the answer. If a part is refused, so is all later input; if
/// the answer was already given, the next input is answered with the error.
struct exec_input {
  session_id id;
  /// Sent unchanged. On pipes, a text that consists of the byte 0x03 is the key
  /// ctrl-c.
  std::string text;
  /// Names of keys, in upper or lower case: ctrl-c, C-c and ^C; enter, tab,
  /// escape, up or ArrowUp, page-up, f1, M-x, ctrl-left, ...; or single
  /// characters. On pipes, where no terminal turns keys into signals, ctrl-c
  /// interrupts, ctrl-d ends the input, and ctrl-\ quits.
  std::vector<std::string> keys;
  bool close = false;
  exec_wait wait;
};

/// Waits for the output of a session.
struct exec_poll {
  session_id id;
  exec_wait wait;
};

/// Why a wait ended.
enum class wait_result : std::uint8_t {
  /// The session is closed: it has ended and this is the last of its output.
  closed,
  /// The process has ended, and processes that it left in the background
  /// continue.
  exited,
  /// One of the texts or expressions was found.
  matched,
  /// Output arrived.
  output,
  /// The time is over. The session continues.
  timed_out,
  /// By `cancel_atom`; the output is left for the next request.
  cancelled,
};

/// The output of a session since the last answer.
struct exec_result {
  session_id id;
  wait_result wait = wait_result::closed;
  /// In state `closed`, this was all, and the id is no longer known.
  session_state state = session_state::starting;
  /// Valid from state `exited` on.
  exit_status status;
  /// Valid in state `closed`: whether its streams were read to their end.
  bool complete = true;
  /// Valid in state `closed`: the background processes that were ended with it,
  /// or could not be ended.
  leftovers rest;
  /// With `matched`: the text or expression, and the output that matched it; of
  /// a long match, the beginning.
  std::string matched;
  std::string matched_text;
  /// The beginning of the output, in the order in which it was written: valid
  /// UTF-8. If nothing is omitted, all of it.
  std::string head;
  /// Bytes left out between head and tail.
  std::uint64_t omitted = 0;
  /// The end of the output.
  std::string tail;
  /// Bytes in head and tail that were not UTF-8; each is shown as U+FFFD.
  std::uint64_t invalid = 0;
  /// Bytes that each stream brought, including the omitted ones.
  cursor bytes;
  /// Bytes of input in this request, keys included; signals and the end of the
  /// input do not count.
  std::uint64_t sent = 0;
  /// How many of them the kernel took for the process so far; usually 0 if the
  /// request does not wait.
  std::uint64_t written = 0;
  /// Time from the request to the answer.
  caf::timespan waited{};
};

/// The state of one of the tool's sessions.
struct exec_session {
  session_id id;
  /// The beginning of its script or command line.
  std::string command;
  session_state state = session_state::starting;
  /// 0 while it is unknown.
  std::int64_t pid = 0;
  /// Time since the request.
  caf::timespan age{};
  /// Time since the last output or input.
  caf::timespan idle{};
  /// Bytes that each stream has brought so far.
  cursor produced;
  /// Bytes that no answer has contained yet.
  std::uint64_t unread = 0;
  /// Whether a request waits for it.
  bool awaited = false;
  /// Valid from state `exited` on.
  exit_status status;
  /// Why it did not start; empty if it did.
  std::string start_error;
};

/// Returns the output, with a line in place of the omitted bytes.
std::string output_text(const exec_result& x);

/// Returns one line about the session: that it continues and under which id, or
/// how it ended, and how long the request waited for it.
std::string status_line(const exec_result& x);

// Texts for people and logs.
std::string to_string(wait_result x);
std::string to_string(const exec_wait& x);
std::string to_string(const exec_request& x);
std::string to_string(const exec_input& x);
std::string to_string(const exec_poll& x);
std::string to_string(const exec_result& x);
std::string to_string(const exec_session& x);

PROCESSION_INSPECT(exec_wait, timeout, until, until_regex, on_output,
                   max_output);
PROCESSION_INSPECT(exec_request, id, script, argv, cwd, env, tty, size, input,
                   timeout, keep_background, wait);
PROCESSION_INSPECT(exec_input, id, text, keys, close, wait);
PROCESSION_INSPECT(exec_poll, id, wait);
PROCESSION_INSPECT(exec_result, id, wait, state, status, complete, rest,
                   matched, matched_text, head, omitted, tail, invalid, bytes,
                   sent, written, waited);
PROCESSION_INSPECT(exec_session, id, command, state, pid, age, idle, produced,
                   unread, awaited, status, start_error);

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_exec_atoms, 3050)
  CAF_ADD_ATOM(procession_exec_atoms, procession, exec_atom, "exec")
  CAF_ADD_ATOM(procession_exec_atoms, procession, poll_atom, "poll")
  CAF_ADD_ATOM(procession_exec_atoms, procession, cancel_atom, "cancel")
CAF_END_TYPE_ID_BLOCK(procession_exec_atoms)

namespace procession {

/// Runs commands for an agent, and keeps those that take longer. An answer
/// takes its output: the next one continues after it. Only one request may wait
/// for a session at a time, a second one is refused (`busy`); if the sender of
/// a waiting request terminates, the output is left for others. Every request
/// about an unknown session fails with `no_such_session`.
using exec_tool = typed_actor<
  /// Runs a command; answered when the command or the wait ends. Errors: those
  /// of a start, `session_limit` (with sessions that could be stopped),
  /// `invalid_argument`, `duplicate_session`, `no_sender`.
  caf::result<exec_result>(exec_atom, exec_request),
  /// Sends input, then waits for output. Errors: those of `session`'s `write`,
  /// `stdin_full` (too much input waits already; nothing was sent), `busy`
  /// (likewise), `stdin_closed` (it was started without input),
  /// `invalid_argument`.
  caf::result<exec_result>(write_atom, exec_input),
  /// Waits for a session; existing output counts. Errors: `busy`,
  /// `invalid_argument`, and those of a start that failed in the meantime.
  caf::result<exec_result>(poll_atom, exec_poll),
  /// Resizes the terminal of a session. Errors: those of `session`'s `resize`,
  /// `busy` (it is still starting).
  caf::result<void>(resize_atom, session_id, terminal_size),
  /// Signals a session; its answers continue. Errors: those of `session`'s
  /// `signal`, `busy`.
  caf::result<void>(signal_atom, session_id, signal_name),
  /// Ends the wait for a session, if a request waits. The session continues.
  caf::result<void>(cancel_atom, session_id),
  /// Answered once the session is closed; takes no output. Errors: `busy` (too
  /// many requests wait already), those of a start that failed.
  caf::result<exit_status>(wait_atom, session_id),
  /// Lists every session that is live or has unread output, the oldest first.
  caf::result<exec_list>(list_atom),
  /// Ends a session; answered when it is closed, with the output unless another
  /// request waits for it. Errors: `deadline_passed` (it does not end), `busy`
  /// (too many requests end it already).
  caf::result<exec_result>(terminate_atom, session_id),
  /// Ends all sessions; answered when they are closed, with their last state.
  /// Their output remains to be read. Error: `busy`.
  caf::result<exec_list>(terminate_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_exec_tool_handle, 3056)
  CAF_ADD_TYPE_ID(procession_exec_tool_handle, (procession::exec_tool))
CAF_END_TYPE_ID_BLOCK(procession_exec_tool_handle)
