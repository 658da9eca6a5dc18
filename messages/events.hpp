#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/fwd.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>

namespace procession {

/// Names a session; unique in its spawner. The caller or the spawner chooses it
/// before anything starts, so a failed start has a name too.
using session_id = std::string;

/// The output streams of a child. A PTY has only `out`.
enum class stream_kind : std::uint8_t { out, err };

/// A place in the output of a session: the number of bytes of each stream
/// before it. The default is the beginning.
struct cursor {
  std::uint64_t out = 0;
  std::uint64_t err = 0;

  /// Returns the offset in one of the streams.
  std::uint64_t& operator[](stream_kind stream) noexcept {
    return stream == stream_kind::out ? out : err;
  }

  /// @copydoc operator[]
  std::uint64_t operator[](stream_kind stream) const noexcept {
    return stream == stream_kind::out ? out : err;
  }

  bool operator==(const cursor&) const = default;
};

/// How a process ended.
enum class exit_cause : std::uint8_t {
  /// It ended by itself with `exit_status::code`.
  exited,
  /// It was ended by signal `exit_status::signal`.
  signaled,
  /// It never ran; `exit_status::code` is 127 (not found) or 126 (not started).
  start_failed,
  /// The host of the process was lost, and with it the true status.
  runner_lost,
  /// It ended, but other code in its host's program took the status, or made
  /// the kernel drop it (POSIX: `waitpid(-1)`, or SIGCHLD ignored, wait(2)).
  unknown,
};

/// The end of a process, the same for every backend.
struct exit_status {
  exit_cause cause = exit_cause::exited;
  /// Exit code; on Windows the full 32 bits.
  std::uint32_t code = 0;
  /// Number of the signal that ended it; 0 if none did.
  std::int32_t signal = 0;
  bool core_dumped = false;
  /// Whether the command's time-out ended it.
  bool timed_out = false;
  /// Whether a `terminate` request, or the loss of its owner, ended it.
  bool by_request = false;
  /// Processor time in user code, and in the kernel.
  caf::timespan user_time = caf::timespan::zero();
  caf::timespan system_time = caf::timespan::zero();
  /// Peak resident memory in bytes; 0 if it is not known. Linux counts the
  /// memory of the host before exec as the child's, so a peak below the host's
  /// own cannot be known.
  std::uint64_t peak_memory = 0;

  bool operator==(const exit_status&) const = default;
};

/// Whether the process ended by itself with code 0.
bool success(const exit_status& x) noexcept;

/// Returns the status as a shell has it: the code, or 128 + signal; 127 and 126
/// for a program that was not found or could not be started; 125 for
/// `runner_lost` and `unknown`.
std::uint32_t shell_code(const exit_status& x) noexcept;

/// The mechanism that contains the descendants of a session.
enum class containment_kind : std::uint8_t {
  /// Not known yet, or not reported by the backend.
  unknown,
  /// A cgroup for the session (Linux, cgroup v2).
  cgroup,
  /// A sweep over /proc for marks that descendants inherit (Linux without a
  /// writable cgroup v2 hierarchy).
  marker,
  /// A job object (Windows).
  job,
};

/// The program runs. The first event, unless the start failed.
struct started {
  session_id id;
  /// Counts the events of this subscription from 1, without gaps.
  std::uint64_t seq = 0;
  std::int64_t pid = 0;
  containment_kind containment = containment_kind::unknown;

  bool operator==(const started&) const = default;
};

/// A run of output bytes. A subscriber gets every byte once, in the order of
/// arrival over both streams.
struct output {
  session_id id;
  std::uint64_t seq = 0;
  stream_kind stream = stream_kind::out;
  /// Offset of the first byte in its stream.
  std::uint64_t offset = 0;
  shared_bytes bytes;

  bool operator==(const output&) const = default;
};

/// Bytes [from, to) of a stream that are no longer retained and were not
/// delivered.
struct gap {
  session_id id;
  std::uint64_t seq = 0;
  stream_kind stream = stream_kind::out;
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  bool operator==(const gap&) const = default;
};

/// A signal stopped the process (`command::report_stops`).
struct stopped {
  session_id id;
  std::uint64_t seq = 0;
  /// Number of the signal.
  std::int32_t signal = 0;

  bool operator==(const stopped&) const = default;
};

/// The stopped process runs again (`command::report_stops`).
struct continued {
  session_id id;
  std::uint64_t seq = 0;

  bool operator==(const continued&) const = default;
};

/// The process has ended, or never ran. More output may follow. Every
/// subscriber gets this event, before `closed`.
struct exited {
  session_id id;
  std::uint64_t seq = 0;
  exit_status status;

  bool operator==(const exited&) const = default;
};

/// The descendants that outlived the process of a session.
struct leftovers {
  /// How many had to be ended.
  std::uint64_t ended = 0;
  /// How many may still exist: they could not be killed in time (they are in an
  /// uninterruptible sleep), or our user may not signal them.
  std::uint64_t surviving = 0;

  bool operator==(const leftovers&) const = default;
};

/// Why the events of a session end.
enum class close_reason : std::uint8_t {
  /// Both streams were read to their end.
  complete,
  /// The output was still held open: by a descendant beyond the drain deadline
  /// (output that it wrote while it was being ended was delivered), or by a
  /// process of another session after all processes of this one had ended.
  drain_deadline,
  /// The host of the process was lost or has ended, or the session was torn
  /// down: output may be missing.
  host_lost,
};

/// The last event, sent exactly once. No process of the session is left, except
/// those that `rest` counts as surviving, and those that escaped the
/// containment (see SECURITY.md).
struct closed {
  session_id id;
  std::uint64_t seq = 0;
  close_reason why = close_reason::complete;
  /// Unknown, hence zero, if the host of the process was lost.
  leftovers rest = {};

  bool operator==(const closed&) const = default;
};

// Texts for people and logs.
std::string to_string(stream_kind x);
std::string to_string(cursor x);
std::string to_string(exit_cause x);
/// Returns a text for people: "exit code 3", "killed by signal 9 (Killed),
/// timed out".
std::string to_string(const exit_status& x);
std::string to_string(containment_kind x);
std::string to_string(close_reason x);
std::string to_string(const started& x);
std::string to_string(const output& x);
std::string to_string(const gap& x);
std::string to_string(const stopped& x);
std::string to_string(const continued& x);
std::string to_string(const exited& x);
std::string to_string(leftovers x);
std::string to_string(const closed& x);

PROCESSION_INSPECT(cursor, out, err);
PROCESSION_INSPECT(exit_status, cause, code, signal, core_dumped, timed_out,
                   by_request, user_time, system_time, peak_memory);
PROCESSION_INSPECT(output, id, seq, stream, offset, bytes);
PROCESSION_INSPECT(gap, id, seq, stream, from, to);
PROCESSION_INSPECT(started, id, seq, pid, containment);
PROCESSION_INSPECT(stopped, id, seq, signal);
PROCESSION_INSPECT(continued, id, seq);
PROCESSION_INSPECT(leftovers, ended, surviving);
PROCESSION_INSPECT(exited, id, seq, status);
PROCESSION_INSPECT(closed, id, seq, why, rest);

} // namespace procession
