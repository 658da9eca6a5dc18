#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/fwd.hpp"

#include <caf/timespan.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace procession {

/// Size of a terminal in character cells. Both must be at least 1.
struct terminal_size {
  std::uint16_t rows = 24;
  std::uint16_t cols = 80;

  bool operator==(const terminal_size&) const = default;
};

/// How the child's standard streams are connected.
enum class stdio_kind : std::uint8_t {
  /// One pseudo-terminal for all three; its output is the stream `out`.
  pty,
  /// A pipe for each stream.
  pipes,
  /// A pipe for input, and one for both outputs, which keeps them in the order
  /// in which they were written; everything belongs to the stream `out`.
  merged,
};

/// The source of the child's standard input.
enum class stdin_kind : std::uint8_t {
  /// A pipe that stays open until it is closed; on a PTY, the terminal.
  pipe,
  /// The null device: at its end from the start. Not allowed on a PTY.
  null,
  /// The standard input of the process that spawns, shared with it. The session
  /// cannot write to it; on a PTY it writes to the terminal, which the program
  /// can open as its controlling terminal (/dev/tty). Only on POSIX and not in
  /// a runner; elsewhere the start fails with `invalid_argument`.
  inherit,
};

/// The child's standard streams, and for a PTY its initial size.
struct stdio_spec {
  stdio_kind kind = stdio_kind::pipes;
  terminal_size size = {};
  stdin_kind input = stdin_kind::pipe;

  bool operator==(const stdio_spec&) const = default;
};

/// Returns standard streams on a PTY of the given size.
stdio_spec pty(terminal_size size = {});

/// Returns standard streams on pipes, one for each output.
stdio_spec pipes(stdin_kind input = stdin_kind::pipe);

/// Returns standard streams on pipes, one for both outputs, as with `2>&1`.
stdio_spec merged(stdin_kind input = stdin_kind::pipe);

/// The child's environment.
struct environment {
  /// Whether to start from the environment of the process that spawns (in a
  /// runner, the runner's). False: `set` is the whole environment.
  bool inherit = true;
  /// Variables to set. A name must not be empty or contain '='.
  std::map<std::string, std::string> set = {};
  /// Inherited variables to leave out.
  std::vector<std::string> unset = {};

  bool operator==(const environment&) const = default;
};

/// Limits of one session, in bytes and time.
struct session_limits {
  /// Bytes of output to keep for replay and cursor reads, both streams
  /// together.
  std::uint64_t retained = 1024 * 1024;
  /// Bytes of input that may wait for the child to read them. A `write` that
  /// would exceed it is refused as a whole.
  std::uint64_t stdin_queue = 1024 * 1024;
  /// Time that the process may run before it is terminated; zero: no limit.
  caf::timespan timeout = caf::timespan::zero();
  /// Time for which a closed session still answers `info` and `read`.
  caf::timespan retention = std::chrono::seconds{30};

  bool operator==(const session_limits&) const = default;
};

/// The fate of background processes when the process itself ends.
enum class background_policy : std::uint8_t {
  /// They are ended with the process.
  end,
  /// They continue, and so does the session: it is closed when the last of them
  /// has ended and its output was read, however long that takes. A request to
  /// end the session ends them. They lose a terminal: the kernel hangs it up.
  /// Only on POSIX; elsewhere the start fails with `invalid_argument` at
  /// `setup`.
  keep,
};

/// How a session is ended.
struct kill_policy {
  /// Time between the request to end and the kill.
  caf::timespan grace = std::chrono::seconds{5};
  /// After the process has ended: how long to wait for the end of its output
  /// while a descendant holds it open. Three periods do not count: time in
  /// which the session itself pauses reading for a slow lossless subscriber, as
  /// long as its owner lives; the grace of a request to end; and time in which
  /// processes continue under `background_policy::keep`.
  caf::timespan drain_timeout = std::chrono::seconds{2};
  /// After the process has ended by itself: time that its descendants get
  /// between the request to end and the kill.
  caf::timespan leftovers_grace = std::chrono::milliseconds{500};
  background_policy background = background_policy::end;

  bool operator==(const kill_policy&) const = default;
};

/// What to do with output while there is no subscriber.
enum class unsubscribed_policy : std::uint8_t {
  /// Keep reading, and retain the end of the output.
  retain,
  /// Read only as much as the retained log holds, then let the child wait. A
  /// cursor `read` releases the output before its cursor.
  pause,
};

/// Whose end ends the session, besides the spawner's.
enum class ownership : std::uint8_t {
  /// The actor that requested the spawn: when it terminates, the tree is
  /// killed.
  sender,
  /// No other actor: the session lives until it ends or the spawner does.
  spawner,
};

/// Rights that a program loses in addition to those that its user lacks.
/// Windows only; elsewhere a restricted command is refused
/// (`invalid_argument`).
struct restriction {
  /// SIDs, as in "S-1-5-21-1-2-3-1001". If there are any, the program may write
  /// only to objects that are open to one of these, to its logon session, to
  /// everyone or, where the system requires it, to its user (a write-restricted
  /// token, CreateRestrictedToken); and it has no privileges.
  std::vector<std::string> capability_sids;

  bool operator==(const restriction&) const = default;
};

/// A program and everything needed to start it as a session. Only `program` is
/// required:
///
///     command make{.program = "make",
///                  .args = {"-j4", "test"},
///                  .cwd = "/src",
///                  .env = {.set = {{"LANG", "C"}}},
///                  .stdio = merged(stdin_kind::null),
///                  .limits = {.timeout = 10min}};
struct command {
  /// Path of the program, or a name to look up in the child's PATH. On POSIX an
  /// executable file that is neither a binary nor begins with `#!` is run as a
  /// script of /bin/sh, as with execvp(3).
  std::string program = {};
  /// Arguments without argv[0].
  std::vector<std::string> args = {};
  /// argv[0] as the child sees it; empty: same as `program`.
  std::string argv0 = {};
  /// Working directory; empty: that of the process that spawns.
  std::string cwd = {};
  environment env = {};
  stdio_spec stdio = {};
  session_limits limits = {};
  kill_policy kill = {};
  unsubscribed_policy unsubscribed = unsubscribed_policy::retain;
  ownership owner = ownership::sender;
  /// Name of the session, unique in its spawner, without control characters;
  /// empty: the spawner chooses one.
  std::string id = {};
  restriction restricted = {};
  /// Number of a descriptor, besides the standard streams, that the program
  /// finds open for writing: by writing a line to it the program reports that
  /// it is ready (s6's notification-fd, s6-supervise(8)). From 3 to 255; 0:
  /// none. Only on POSIX; elsewhere the start fails with `invalid_argument` at
  /// `setup`.
  std::int32_t notification_fd = 0;
  /// Whether to report when a signal stops the process and when it continues
  /// (`stopped`, `continued`). This costs a thread, since the system reports
  /// stops only to a blocking wait (waitid(2)). Only on POSIX; elsewhere
  /// processes are not stopped.
  bool report_stops = false;

  bool operator==(const command&) const = default;
};

/// The largest number of capability SIDs in a restriction.
inline constexpr std::size_t max_capability_sids = 64;

/// The largest grace, drain deadline, time-out and retention of a command.
inline constexpr auto max_timespan = std::chrono::hours{24 * 366};

/// The largest retained log or stdin queue of a command, in bytes.
inline constexpr std::uint64_t max_bytes_limit = std::uint64_t{1} << 32;

/// Checks a command without touching the system: the program is named, no
/// string contains a NUL byte, names of variables are valid, the terminal size
/// is not zero, limits are sane and SIDs well formed.
/// @returns the violation (`invalid_argument` at `validate`), if there is one.
std::optional<failure> validate(const command& x);

/// Checks a terminal size as `validate` does.
std::optional<failure> validate(terminal_size x);

// Texts for people and logs.
std::string to_string(terminal_size x);
std::string to_string(stdio_kind x);
std::string to_string(stdin_kind x);
std::string to_string(const stdio_spec& x);
std::string to_string(const environment& x);
std::string to_string(const session_limits& x);
std::string to_string(background_policy x);
std::string to_string(const kill_policy& x);
std::string to_string(const restriction& x);
std::string to_string(unsubscribed_policy x);
std::string to_string(ownership x);

/// Returns the command line for people: program and arguments, quoted as a
/// shell needs them.
std::string to_string(const command& x);

PROCESSION_INSPECT(terminal_size, rows, cols);
PROCESSION_INSPECT(stdio_spec, kind, size, input);
PROCESSION_INSPECT(environment, inherit, set, unset);
PROCESSION_INSPECT(session_limits, retained, stdin_queue, timeout, retention);
PROCESSION_INSPECT(kill_policy, grace, drain_timeout, leftovers_grace,
                   background);
PROCESSION_INSPECT(restriction, capability_sids);
PROCESSION_INSPECT(command, program, args, argv0, cwd, env, stdio, limits, kill,
                   unsubscribed, owner, id, restricted, notification_fd,
                   report_stops);

} // namespace procession
