#pragma once

#include "procession/messages/session.hpp"

#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace procession {

/// As the longest wait: what is usual for the request.
inline constexpr caf::timespan usual_wait{-1};

/// How long the answer to a request may be waited for, and what for. It never
/// waits on when the session is closed: all its output is there then.
struct exec_wait {
  /// The longest wait; more than the tool allows is cut. Zero: the answer comes
  /// at once, with what is there; to a command, as soon as it runs.
  caf::timespan yield = usual_wait;
  /// Ends the wait when one of these texts comes, or came since the last match
  /// and the last input, be it that an earlier answer took it. The echo of what
  /// was typed on a terminal does not count.
  std::vector<std::string> until;
  /// The same with regular expressions in Perl's syntax (Boost.Regex), over
  /// bytes: `^` and `$` match at every line, `$` also where the output ends so
  /// far, and `.` matches no line end. One that takes too many steps ends the
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
  /// How long the process may run before it is terminated; zero: no limit.
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
enum class exec_wake : std::uint8_t {
  /// The session is closed: it has ended and this is the last of its output.
  closed,
  /// The process has ended, and what it left in the background goes on.
  exited,
  /// One of the texts or expressions that were waited for came.
  matched,
  /// Output came.
  output,
  /// The time is over. The session goes on.
  yielded,
  /// `cancel_atom`; the output was left for the next one who asks.
  cancelled,
};

/// What a session said since it was asked last.
struct exec_result {
  session_id id;
  exec_wake wake = exec_wake::closed;
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
  /// How many of them the process's side took so far; with no time to wait,
  /// usually none yet.
  std::uint64_t written = 0;
  /// How long the answer took.
  caf::timespan waited{};
};

/// What is known of a session of the tool.
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
  /// Bytes of it that nobody has had.
  std::uint64_t unread = 0;
  /// Whether somebody waits for it.
  bool awaited = false;
  /// Valid from state `exited` on.
  exit_status status;
  /// Why it did not start; empty if it did.
  std::string start_error;
};

/// What `list` returns; to CAF a type of its own.
using exec_list = std::vector<exec_session>;

/// The output with a line in place of what is omitted.
std::string output_text(const exec_result& x);

/// One line that says how the session stands: that it runs on and by which id,
/// or how it ended, and how long that was waited for.
std::string status_line(const exec_result& x);

std::string to_string(exec_wake x);
std::string to_string(const exec_wait& x);
std::string to_string(const exec_request& x);
std::string to_string(const exec_input& x);
std::string to_string(const exec_poll& x);
std::string to_string(const exec_result& x);
std::string to_string(const exec_session& x);

/// @relates exec_wait
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_wait& x) {
  return f(caf::meta::type_name("exec_wait"), x.yield, x.until, x.until_regex,
           x.on_output, x.max_output);
}

/// @relates exec_request
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_request& x) {
  return f(caf::meta::type_name("exec_request"), x.id, x.script, x.argv, x.cwd,
           x.env, x.tty, x.size, x.input, x.timeout, x.keep_background, x.wait);
}

/// @relates exec_input
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_input& x) {
  return f(caf::meta::type_name("exec_input"), x.id, x.text, x.keys, x.close,
           x.wait);
}

/// @relates exec_poll
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_poll& x) {
  return f(caf::meta::type_name("exec_poll"), x.id, x.wait);
}

/// @relates exec_result
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_result& x) {
  return f(caf::meta::type_name("exec_result"), x.id, x.wake, x.state, x.status,
           x.complete, x.rest, x.matched, x.matched_text, x.head, x.omitted,
           x.tail, x.invalid, x.bytes, x.sent, x.written, x.waited);
}

/// @relates exec_session
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, exec_session& x) {
  return f(caf::meta::type_name("exec_session"), x.id, x.command, x.state,
           x.pid, x.age, x.idle, x.produced, x.unread, x.awaited, x.status,
           x.start_error);
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
using exec_tool = caf::typed_actor<
  /// Runs a command; answered when it is over or the wait is. Errors: those of
  /// a start, `session_limit` (with what could be stopped), `invalid_argument`,
  /// `duplicate_session`, `no_sender`.
  caf::replies_to<exec_atom, exec_request>::with<exec_result>,
  /// Sends input, then waits for what comes of it. Errors: those of
  /// `session`'s `write`, `stdin_full` (too much waits already; nothing was
  /// sent), `busy` (likewise), `stdin_closed` (it was started without input),
  /// `invalid_argument`.
  caf::replies_to<write_atom, exec_input>::with<exec_result>,
  /// Waits for a session; output that is there already counts. Errors: `busy`,
  /// `invalid_argument`, and those of a start that failed meanwhile.
  caf::replies_to<poll_atom, exec_poll>::with<exec_result>,
  /// Resizes the terminal of a session. Errors: those of `session`'s `resize`,
  /// `busy` (it is still starting).
  caf::replies_to<resize_atom, session_id, terminal_size>::with<void>,
  /// Signals a session; its answers go on. Errors: those of `session`'s
  /// `signal`, `busy`.
  caf::replies_to<signal_atom, session_id, signal_name>::with<void>,
  /// Ends the wait for a session, if somebody waits. The session goes on.
  caf::replies_to<cancel_atom, session_id>::with<void>,
  /// Answered once the session is closed; takes no output. Errors: `busy` (too
  /// many wait like this), those of a start that failed.
  caf::replies_to<wait_atom, session_id>::with<exit_status>,
  /// Tells of every session that is live or has something left to read, the
  /// eldest first.
  caf::replies_to<list_atom>::with<exec_list>,
  /// Ends a session; answered when it is closed, with the output unless
  /// somebody waits for it. Errors: `deadline_passed` (it does not end), `busy`
  /// (too many end it already).
  caf::replies_to<terminate_atom, session_id>::with<exec_result>,
  /// Ends all sessions; answered when they are closed, with what they were.
  /// Their output is left to be read. Error: `busy`.
  caf::replies_to<terminate_atom>::with<exec_list>>;

} // namespace procession
