#pragma once

#include "procession/messages/fwd.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace procession {

/// The kind of an error, which a caller can act on. The category of a
/// `caf::error` made from it is the atom `procession`; its context is one
/// `error_detail`.
enum class errc : std::uint8_t {
  /// The command or argument breaks a documented rule; nothing was started.
  invalid_argument = 1,
  /// No such program, neither at the given path nor in the child's PATH.
  program_not_found,
  /// The program exists but cannot be executed (EACCES, ETXTBSY, ...).
  not_executable,
  /// The working directory does not exist.
  cwd_not_found,
  /// The working directory is not a directory, or may not be entered.
  cwd_not_usable,
  /// Arguments and environment exceed the kernel's limit (E2BIG).
  argument_list_too_long,
  /// Out of file descriptors, in this process or in the system.
  out_of_descriptors,
  /// No further process, or no memory for one, is available.
  out_of_processes,
  /// No pseudo-terminal is left in the system.
  no_pty_left,
  /// The start failed for another reason; see the stage and the OS code.
  spawn_failed,
  /// The child's standard input is closed (by us, by the child, or from the
  /// start).
  stdin_closed,
  /// The input would exceed the limit of queued bytes; none was taken.
  stdin_full,
  /// The process has ended.
  already_exited,
  /// The request requires a session on a PTY.
  not_a_terminal,
  /// The OS refused a request to a running session; see the OS code.
  request_failed,
  /// No session has that id.
  no_such_session,
  /// A session of that id already exists.
  duplicate_session,
  /// The spawner's limit of sessions is reached; no session was affected.
  session_limit,
  /// The actor already subscribes to this session.
  already_subscribed,
  /// The actor does not subscribe to this session.
  not_subscribed,
  /// The request has an anonymous sender, but its answer or events need an
  /// address.
  no_sender,
  /// The runtime that hosts the session was stopped.
  runtime_stopped,
  /// A wait reached its deadline.
  deadline_passed,
  /// There is no user of that name.
  no_such_user,
  /// The system does not permit this to the program's user.
  not_permitted,
  /// The runner was not started, was not reached, or is not a runner; see the
  /// stage.
  runner_failed,
  /// The runner ended or fell silent; its sessions ended with it.
  runner_lost,
  /// The other side of a runner's channel broke the protocol, or reported that
  /// we did.
  protocol_violation,
  /// Logons of that user failed; the next attempt is delayed for the time in
  /// the text, to keep the account from being locked.
  logon_paused,
  /// Another request is already waiting for the same; nothing was done.
  busy,
  /// No child has that name.
  no_such_child,
  /// The supervisor already has a child of that name.
  duplicate_child,
  /// A child of a supervisor ended without success.
  child_failed,
  /// The children of a supervisor failed more often than it allows.
  restart_limit,
  /// The supervisor is being ended.
  supervisor_ended,
  /// A line of input exceeds the length that the terminal accepts in its line
  /// mode (4,095 bytes on Linux, termios(3)). None of it was delivered; in a
  /// runner, none of the 64 KiB of the write that contain it.
  line_too_long,
};

/// The last code.
inline constexpr auto last_errc = errc::line_too_long;

/// The stage of a session's life in which an error occurred.
enum class stage : std::uint8_t {
  /// No stage.
  none,
  /// Checking the command or an argument.
  validate,
  /// Admitting the request: its id, its sender, limits.
  admit,
  /// Looking up the program.
  resolve,
  /// Opening a pseudo-terminal.
  open_pty,
  /// Opening pipes.
  open_pipes,
  /// Containing the descendants.
  contain,
  /// Creating the process.
  fork,
  /// Setting up the process and its descriptors.
  setup,
  /// Entering the working directory.
  chdir,
  /// Executing the program.
  exec,
  /// A request to a session that was started.
  run,
  /// Becoming the user that a runner should run as.
  logon,
  /// Starting a runner.
  launch,
  /// Waiting until a runner opens its end of the channel.
  connect,
  /// The first exchange with a runner.
  hello,
  /// Waiting until a runner starts a process.
  spawn,
  /// Waiting until a runner ends a process.
  terminate,
  /// The channel between a runner and its parent.
  channel,
  /// Reading or changing the stored credentials of sandbox users.
  credentials,
  /// Creating, changing or removing a sandbox user.
  account,
  /// Restricting the rights of a program, on Windows.
  token,
  /// Giving a user access to the desktop, on Windows.
  desktop,
  /// Waiting until a child of a supervisor is ready.
  ready,
  /// Keeping the children of a supervisor.
  supervise,
};

/// The last stage.
inline constexpr auto last_stage = stage::supervise;

/// The context of all errors of the library.
struct error_detail {
  /// The stage in which it occurred.
  stage at = stage::none;
  /// `errno` (POSIX) or `GetLastError` (Windows); 0 if the OS did not fail.
  std::int32_t os_code = 0;
  /// One sentence for a person.
  std::string text;
};

/// An error below the actors: the same facts, without a CAF message.
struct failure {
  errc code = errc::spawn_failed;
  error_detail detail;
};

/// Returns the actor-level error for `x`.
caf::error to_error(const failure& x);

/// @copydoc to_error
caf::error make_error(errc code, stage at, std::string text,
                      std::int32_t os_code = 0);

/// Whether `x` is an error of the library with the code `code`.
bool is(const caf::error& x, errc code) noexcept;

/// Returns the detail of one of the library's errors; an empty one for other
/// errors.
error_detail detail_of(const caf::error& x);

/// Returns the refusal of an argument, before anything was done.
failure invalid_argument(std::string text, stage at = stage::validate);

/// Returns the refusal of a request from an anonymous sender.
failure no_sender(stage at);

/// Returns the failure that one of the library's errors was made from; nothing
/// for other errors.
std::optional<failure> failure_of(const caf::error& x);

/// Returns a whole error in one line: code, stage, sentence, OS code. Renders
/// errors of other categories as CAF does.
std::string describe(const caf::error& x);

// Texts for people and logs.
std::string to_string(errc x);
std::string to_string(stage x);
std::string to_string(const error_detail& x);
std::string to_string(const failure& x);

PROCESSION_INSPECT(error_detail, at, os_code, text);
PROCESSION_INSPECT(failure, code, detail);

} // namespace procession

PROCESSION_ERROR_CODES(procession::errc)
