#pragma once

#include "procession/messages/fwd.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace procession {

/// The kind of an error, by which a caller can act. The category of a
/// `caf::error` made from it is the atom `procession`; its context is one
/// `error_detail`.
enum class errc : std::uint8_t {
  /// The command or argument breaks a documented rule; nothing was started.
  invalid_argument = 1,
  /// No such program, neither at the given path nor in the child's PATH.
  program_not_found,
  /// The program is there but cannot be executed (EACCES, ETXTBSY, ...).
  not_executable,
  /// The working directory does not exist.
  cwd_not_found,
  /// The working directory is no directory, or may not be entered.
  cwd_not_usable,
  /// Arguments and environment exceed what the kernel takes (E2BIG).
  argument_list_too_long,
  /// Out of file descriptors, in this process or in the system.
  out_of_descriptors,
  /// Out of processes or memory for one.
  out_of_processes,
  /// The system has no pseudo-terminal left.
  no_pty_left,
  /// Starting failed for another reason; see the stage and the OS code.
  spawn_failed,
  /// The child's standard input is closed (by us, by it, or from the start).
  stdin_closed,
  /// More bytes wait for the child than the command's limit; none was taken.
  stdin_full,
  /// The process has ended.
  already_exited,
  /// The request needs a session on a PTY.
  not_a_terminal,
  /// The OS refused a request to a running session; see the OS code.
  request_failed,
  /// No session of that id.
  no_such_session,
  /// A session of that id exists.
  duplicate_session,
  /// As many sessions live as the spawner allows; none was touched.
  session_limit,
  /// The actor subscribes to this session already.
  already_subscribed,
  /// The actor does not subscribe to this session.
  not_subscribed,
  /// Asked from an anonymous sender where an answer or events need an address.
  no_sender,
  /// The runtime that hosts the session was stopped.
  runtime_stopped,
  /// A wait reached its deadline.
  deadline_passed,
  /// There is no user of that name.
  no_such_user,
  /// The system does not allow it to this program's user.
  not_permitted,
  /// The runner was not started, not reached, or is not one; see the stage.
  runner_failed,
  /// The runner ended, or is not heard of any more; its sessions ended with it.
  runner_lost,
  /// The other side of a runner's channel broke the protocol, or said that we
  /// did.
  protocol_violation,
  /// Logons of that user failed; another is not tried for the time that the
  /// text tells, lest the account be locked.
  logon_paused,
  /// Somebody else waits for the same already; nothing was done.
  busy,
  /// No child of that name.
  no_such_child,
  /// The supervisor has a child of that name.
  duplicate_child,
  /// A child of a supervisor did not end in success.
  child_failed,
  /// The children of a supervisor failed more often than it allows.
  restart_limit,
  /// The supervisor is being ended.
  supervisor_ended,
  /// A line of input is longer than the terminal takes while it hands over
  /// whole lines (4,095 bytes on Linux, termios(3)); none of it was delivered,
  /// or in a runner none of the 64 KiB of the write that it lies in.
  line_too_long,
};

/// The last of the codes.
inline constexpr auto last_errc = errc::line_too_long;

/// Where in the life of a session it went wrong.
enum class stage : std::uint8_t {
  none,
  validate,
  admit,
  resolve,
  open_pty,
  open_pipes,
  contain,
  fork,
  setup,
  chdir,
  exec,
  run,
  /// Becoming the user that a runner is to run as.
  logon,
  /// Starting a runner.
  launch,
  /// Waiting for a runner to open its end of the channel.
  connect,
  /// The first exchange with a runner.
  hello,
  /// Waiting for a runner to start a process.
  spawn,
  /// Waiting for a runner to end a process.
  terminate,
  /// The channel between a runner and its parent.
  channel,
  /// Reading or changing the stored credentials of sandbox users.
  credentials,
  /// Making, changing or removing a sandbox user.
  account,
  /// Restricting what a program may do, on Windows.
  token,
  /// Letting a user onto the desktop, on Windows.
  desktop,
  /// Waiting for a child of a supervisor to be ready.
  ready,
  /// Keeping the children of a supervisor.
  supervise,
};

/// The last of the stages.
inline constexpr auto last_stage = stage::supervise;

/// The context of all our errors.
struct error_detail {
  /// Where it happened.
  stage at = stage::none;
  /// `errno` (POSIX) or `GetLastError` (Windows); 0 if the OS had no part.
  std::int32_t os_code = 0;
  /// One sentence for a person.
  std::string text;
};

/// An error below the actors: the same facts, without CAF's message.
struct failure {
  errc code = errc::spawn_failed;
  error_detail detail;
};

/// Makes the actor-level error for `x`.
caf::error to_error(const failure& x);

/// @copydoc to_error
caf::error make_error(errc code, stage at, std::string text,
                      std::int32_t os_code = 0);

/// Whether `x` is of our category and has the code `code`.
bool is(const caf::error& x, errc code) noexcept;

/// The detail of one of our errors; an empty one for other errors.
error_detail detail_of(const caf::error& x);

/// The refusal of an argument, before anything was done.
failure invalid_argument(std::string text, stage at = stage::validate);

/// The refusal of a request from an anonymous sender.
failure no_sender(stage at);

/// The failure that one of our errors was made from; empty for other errors.
std::optional<failure> failure_of(const caf::error& x);

/// The whole of an error in one line: code, stage, sentence, OS code. Errors
/// of other categories are rendered as CAF does.
std::string describe(const caf::error& x);

std::string to_string(errc x);
std::string to_string(stage x);
std::string to_string(const error_detail& x);
std::string to_string(const failure& x);

/// @relates error_detail
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, error_detail& x) {
  return inspect_fields(f, x, "error_detail", field("at", x.at),
                        field("os_code", x.os_code), field("text", x.text));
}

/// @relates failure
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, failure& x) {
  return inspect_fields(f, x, "failure", field("code", x.code),
                        field("detail", x.detail));
}

} // namespace procession

PROCESSION_ERROR_CODES(procession::errc)
