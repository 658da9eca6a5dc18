#pragma once

#include "procession/messages/fwd.hpp"
#include "procession/messages/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// As the longest wait: what is usual for the request.
inline constexpr caf::timespan default_wait{-1};

/// The longest time to wait for an answer, and what ends the wait. It never
/// waits on when the session is closed: all its output is there then.
struct exec_wait {
  /// The longest wait; more than the tool allows is cut. Zero: the answer comes
  /// at once, with what is there; to a command, as soon as it runs.
  caf::timespan timeout = default_wait;
  /// Ends the wait when one of these texts comes, or came since the last match
  /// and the last input, be it that an earlier answer took it. The echo of what
  /// was typed on a terminal does not count.
  std::vector<std::string> until;
  /// The same with regular expressions in Perl's syntax (Boost.Regex), over
  /// bytes: '^' and '$' match at every line, '$' also where the output ends so
  /// far, and '.' matches no line end. One that takes too many steps ends the
  /// wait with `invalid_argument`.
  std::vector<std::string> until_regex;
  /// Ends the wait when there is any output.
  bool on_output = false;
  /// Bytes of text in the answer; zero: what is usual. Beyond it the middle of
  /// the output is left out.
  std::uint64_t max_output = 0;
};

/// A command for the exec tool: either `script` or `argv`.
struct exec_request {
  /// Name of the session, unique in its spawner; empty: the tool gives one.
  session_id id;
  /// Text for the tool's shell.
  std::string script;
  /// A program with its arguments.
  std::vector<std::string> argv;
  /// Working directory; empty: that of the process that spawns.
  std::string cwd;
  /// To an inherited environment the tool adds its own variables, which these
  /// replace or unset.
  environment env;
  /// A terminal of `size`, which has input; else one pipe for both outputs.
  bool tty = false;
  terminal_size size;
  /// Without a terminal: the null device, or a pipe that is open until it is
  /// closed.
  stdin_kind input = stdin_kind::null;
  /// The time that the process may run before it is terminated; zero: no limit.
  caf::timespan timeout{};
  /// Keeps the processes that it leaves in the background. The wait is over
  /// when the process itself has ended, unless it is for output; the session
  /// goes on until the last of the others has ended or it is terminated.
  bool keep_background = false;
  exec_wait wait;
};

/// Input for a session that has one: `text`, then `keys`, then the end if
/// `close` is set. What the process does not take at once waits, and goes on
/// after the answer; when a part is refused, so is all that follows it, and if
/// the answer was given before, the next input is answered with the error.
struct exec_input {
  session_id id;
  /// Sent as it is. On pipes a text that is nothing but 0x03 is the key ctrl-c.
  std::string text;
  /// Names of keys, in whatever case: ctrl-c, C-c and ^C; enter, tab, escape,
  /// up or ArrowUp, page-up, f1, M-x, ctrl-left, ...; or single characters. On
  /// pipes, where no terminal makes signals of keys, ctrl-c interrupts, ctrl-d
  /// ends the input, and ctrl-\ quits.
  std::vector<std::string> keys;
  bool close = false;
  exec_wait wait;
};

/// Asks for what a session has to say.
struct exec_poll {
  session_id id;
  exec_wait wait;
};

/// Why a wait came to its end.
enum class wait_result : std::uint8_t {
  /// The session is closed: it has ended and this is the last of its output.
  closed,
  /// The process has ended, and what it left in the background goes on.
  exited,
  /// One of the texts or expressions that were waited for came.
  matched,
  /// Output came.
  output,
  /// The time is over. The session goes on.
  timed_out,
  /// `cancel_atom`; the output was left for the next one who asks.
  cancelled,
};

/// The output of a session since the last answer.
struct exec_result {
  session_id id;
  wait_result wait = wait_result::closed;
  /// Once `closed`, this was all and the id is no longer known.
  session_state state = session_state::starting;
  /// Valid from state `exited` on.
  exit_status status;
  /// Valid in state `closed`: whether its streams were read to their end.
  bool complete = true;
  /// Likewise: the processes that it left in the background and that were ended
  /// with it, or could not be.
  leftovers rest;
  /// With `matched`: the text or expression, and what matched it, of a long
  /// match the beginning.
  std::string matched;
  std::string matched_text;
  /// The beginning of its output, in the order in which it was written: valid
  /// UTF-8. If nothing is omitted, all of it.
  std::string head;
  /// Bytes left out between head and tail.
  std::uint64_t omitted = 0;
  /// The end of its output.
  std::string tail;
  /// Bytes in head and tail that were no UTF-8; each is shown as U+FFFD.
  std::uint64_t invalid = 0;
  /// Bytes that each stream brought: those that head and tail stand for, and
  /// the omitted ones.
  cursor bytes;
  /// Bytes of the input of this request, keys included; signals and the end of
  /// the input are none.
  std::uint64_t sent = 0;
  /// The number of them that the process's side took so far; with no time to
  /// wait, usually none yet.
  std::uint64_t written = 0;
  /// The time that the answer took.
  caf::timespan waited{};
};

/// The state of one of the tool's sessions.
struct exec_session {
  session_id id;
  /// The beginning of its script or command line.
  std::string command;
  session_state state = session_state::starting;
  /// 0 while it is not known.
  std::int64_t pid = 0;
  /// Since the request.
  caf::timespan age{};
  /// Since its last output or input.
  caf::timespan idle{};
  /// Bytes each stream brought so far.
  cursor produced;
  /// Bytes of it that no answer has brought.
  std::uint64_t unread = 0;
  /// Whether a request waits for it.
  bool awaited = false;
  /// Valid from state `exited` on.
  exit_status status;
  /// Why it did not start; empty if it did.
  std::string start_error;
};

/// The output with a line in place of what is omitted.
std::string output_text(const exec_result& x);

/// One line that says how the session stands: that it runs on and by which id,
/// or how it ended, and how long that was waited for.
std::string status_line(const exec_result& x);

std::string to_string(wait_result x);
std::string to_string(const exec_wait& x);
std::string to_string(const exec_request& x);
std::string to_string(const exec_input& x);
std::string to_string(const exec_poll& x);
std::string to_string(const exec_result& x);
std::string to_string(const exec_session& x);

/// @relates exec_wait
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_wait& x) {
  return inspect_fields(f, x, "exec_wait", field("timeout", x.timeout),
                        field("until", x.until),
                        field("until_regex", x.until_regex),
                        field("on_output", x.on_output),
                        field("max_output", x.max_output));
}

/// @relates exec_request
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_request& x) {
  return inspect_fields(f, x, "exec_request", field("id", x.id),
                        field("script", x.script), field("argv", x.argv),
                        field("cwd", x.cwd), field("env", x.env),
                        field("tty", x.tty), field("size", x.size),
                        field("input", x.input), field("timeout", x.timeout),
                        field("keep_background", x.keep_background),
                        field("wait", x.wait));
}

/// @relates exec_input
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_input& x) {
  return inspect_fields(f, x, "exec_input", field("id", x.id),
                        field("text", x.text), field("keys", x.keys),
                        field("close", x.close), field("wait", x.wait));
}

/// @relates exec_poll
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_poll& x) {
  return inspect_fields(f, x, "exec_poll", field("id", x.id),
                        field("wait", x.wait));
}

/// @relates exec_result
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_result& x) {
  return inspect_fields(
    f, x, "exec_result", field("id", x.id), field("wait", x.wait),
    field("state", x.state), field("status", x.status),
    field("complete", x.complete), field("rest", x.rest),
    field("matched", x.matched), field("matched_text", x.matched_text),
    field("head", x.head), field("omitted", x.omitted), field("tail", x.tail),
    field("invalid", x.invalid), field("bytes", x.bytes), field("sent", x.sent),
    field("written", x.written), field("waited", x.waited));
}

/// @relates exec_session
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, exec_session& x) {
  return inspect_fields(f, x, "exec_session", field("id", x.id),
                        field("command", x.command), field("state", x.state),
                        field("pid", x.pid), field("age", x.age),
                        field("idle", x.idle), field("produced", x.produced),
                        field("unread", x.unread), field("awaited", x.awaited),
                        field("status", x.status),
                        field("start_error", x.start_error));
}

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_exec_atoms, 3050)
  CAF_ADD_ATOM(procession_exec_atoms, procession, exec_atom, "exec")
  CAF_ADD_ATOM(procession_exec_atoms, procession, poll_atom, "poll")
  CAF_ADD_ATOM(procession_exec_atoms, procession, cancel_atom, "cancel")
CAF_END_TYPE_ID_BLOCK(procession_exec_atoms)

namespace procession {

/// Runs commands for an agent and keeps those that take longer. An answer takes
/// the output along: the next one goes on behind it. One may wait for a session
/// at a time, the next is refused (`busy`); when the one who waits goes down,
/// the output is left for others. Every request about a session that there is
/// none of fails with `no_such_session`.
using exec_tool = typed_actor<
  /// Runs a command; answered when it is over or the wait is. Errors: those of
  /// a start, `session_limit` (with what could be stopped), `invalid_argument`,
  /// `duplicate_session`, `no_sender`.
  caf::result<exec_result>(exec_atom, exec_request),
  /// Sends input, then waits for what comes of it. Errors: those of
  /// `session`'s `write`, `stdin_full` (too much waits already; nothing was
  /// sent), `busy` (likewise), `stdin_closed` (it was started without input),
  /// `invalid_argument`.
  caf::result<exec_result>(write_atom, exec_input),
  /// Waits for a session; output that is there already counts. Errors: `busy`,
  /// `invalid_argument`, and those of a start that failed meanwhile.
  caf::result<exec_result>(poll_atom, exec_poll),
  /// Resizes the terminal of a session. Errors: those of `session`'s `resize`,
  /// `busy` (it is still starting).
  caf::result<void>(resize_atom, session_id, terminal_size),
  /// Signals a session; its answers go on. Errors: those of `session`'s
  /// `signal`, `busy`.
  caf::result<void>(signal_atom, session_id, signal_name),
  /// Ends the wait for a session, if somebody waits. The session goes on.
  caf::result<void>(cancel_atom, session_id),
  /// Answered once the session is closed; takes no output. Errors: `busy` (too
  /// many wait like this), those of a start that failed.
  caf::result<exit_status>(wait_atom, session_id),
  /// Tells of every session that is live or has something left to read, the
  /// eldest first.
  caf::result<exec_list>(list_atom),
  /// Ends a session; answered when it is closed, with the output unless
  /// somebody waits for it. Errors: `deadline_passed` (it does not end), `busy`
  /// (too many end it already).
  caf::result<exec_result>(terminate_atom, session_id),
  /// Ends all sessions; answered when they are closed, with what they were.
  /// Their output is left to be read. Error: `busy`.
  caf::result<exec_list>(terminate_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_exec_tool_handle, 3056)
  CAF_ADD_TYPE_ID(procession_exec_tool_handle, (procession::exec_tool))
CAF_END_TYPE_ID_BLOCK(procession_exec_tool_handle)
