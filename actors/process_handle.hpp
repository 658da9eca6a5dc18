#pragma once

#include "procession/actors/expect.hpp"
#include "procession/io/line_reader.hpp"
#include "procession/messages/session.hpp"
#include "procession/platform/conpty_supported.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Sessions for programs without actors of their own: functions that block
/// until the answer arrives. They only send messages to a session; inside an
/// actor, send these messages directly, as an actor must not block.
namespace procession {

/// Owns a running process: when the handle is destroyed, the process's whole
/// tree is killed in the background. Movable, not copyable. It must not outlive
/// the `caf::actor_system` of its spawner.
///
/// All functions may be called from any thread, also at the same time, except
/// for moving and destroying. They work as long as the spawner retains the
/// session: after the process has ended, until this handle is gone or more than
/// `spawner_options::max_retained` sessions have ended later.
class process_handle {
public:
  /// Creates a handle that owns nothing; every request fails.
  process_handle() noexcept = default;

  /// Takes ownership of a session; its tree is killed with this handle.
  explicit process_handle(procession::session hdl) noexcept
    : session_(std::move(hdl)) {
    // nop
  }

  process_handle(process_handle&& other) noexcept = default;
  /// Kills the tree that this handle owned before.
  process_handle& operator=(process_handle&& other) noexcept;
  /// Kills the tree in the background.
  ~process_handle();

  /// Writes input of any size. Blocks until the kernel has taken all of it, so
  /// for as long as the child does not read. Input that several threads write
  /// at the same time may be mixed in pieces of 256 KiB.
  /// @returns the number of bytes. Errors: `stdin_closed`, `already_exited`;
  ///          `stdin_full` if others write too much at the same time.
  caf::expected<std::uint64_t> write(shared_bytes bytes);

  /// Ends input after all that was written. On a PTY, types the terminal's
  /// end-of-file character. Calling it again does nothing.
  caf::expected<void> close_stdin();

  /// Resizes the terminal. Errors: `not_a_terminal`, `invalid_argument`,
  /// `already_exited`.
  caf::expected<void> resize(terminal_size size);

  /// Sends a signal to the process group; on a PTY, `interrupt` and `quit` go
  /// to the foreground job. Error: `already_exited`.
  caf::expected<void> signal(signal_name name);

  /// Asks the tree to end and kills it after a grace (by default, the
  /// command's); blocks until the process has ended. Its output stays readable.
  /// @returns how it ended. Error: `deadline_passed` if the process was killed
  ///          and the kernel does not end it.
  caf::expected<exit_status> terminate();

  /// @copydoc terminate
  caf::expected<exit_status> terminate(caf::timespan grace);

  /// Like `terminate`, but returns at once: for callers that keep reading the
  /// output to its end.
  void request_terminate();

  /// Blocks until the process has ended. Output may still follow. Read the
  /// output meanwhile: a process whose output is not read may block and never
  /// end.
  caf::expected<exit_status> wait();

  /// Blocks until the process has ended, but for at most `timeout`
  /// (`deadline_passed`).
  caf::expected<exit_status> wait(caf::timespan timeout);

  /// Returns whether the process has ended; also true if the session is gone.
  bool has_exited();

  /// Returns the exit status as a shell reports it (`shell_code`); empty before
  /// the process has ended.
  std::optional<std::uint32_t> exit_code();

  /// Returns the state of the session: process id, byte counts, ...
  caf::expected<session_info> info();

  /// Returns the session's actor, for all other requests.
  const procession::session& session() const noexcept {
    return session_;
  }

private:
  procession::session session_;
};

/// Pulls the output of one process, both streams in order of arrival, without
/// loss: unread output waits in the session, and when the session's log is
/// full, the child blocks. Use only one `process_output` per process, from one
/// thread at a time.
class process_output {
public:
  /// Creates an object without a session; `next` fails.
  process_output() noexcept = default;

  /// Reads from the beginning of the output that `source` retains. Only a
  /// session that was spawned with `unsubscribed_policy::pause` waits for its
  /// reader.
  explicit process_output(session source) noexcept
    : source_(std::move(source)) {
    // nop
  }

  /// Blocks until there is output, or until it has ended.
  /// @returns the next chunk; empty once both streams have ended. Fails if the
  ///          session is gone.
  caf::expected<std::optional<output>> next();

  /// Like `next`, but blocks for at most `timeout` (`deadline_passed`; no
  /// output is lost).
  caf::expected<std::optional<output>> next(caf::timespan timeout);

  /// Returns whether `next` has reported the end.
  bool ended() const noexcept {
    return ended_ && pending_.empty();
  }

  /// At the end, returns whether both streams were read to their end, and not
  /// cut off by the drain deadline because a descendant held them open.
  bool complete() const noexcept {
    return complete_;
  }

  /// At the end, returns how the process ended.
  const exit_status& status() const noexcept {
    return status_;
  }

  /// Returns how many bytes of each stream this reader has missed, because
  /// another actor subscribed to the session or read ahead of this reader.
  cursor missed() const noexcept {
    return missed_;
  }

private:
  session source_;
  std::deque<output> pending_;
  cursor at_;
  cursor missed_;
  bool ended_ = false;
  bool complete_ = true;
  exit_status status_;
};

/// The output of a process as one stream of bytes.
class combined_output {
public:
  /// Takes over `source`; see `combine_output`.
  explicit combined_output(process_output source) noexcept
    : source_(std::move(source)) {
    // nop
  }

  /// Blocks until there are bytes; returns an empty value once both streams
  /// have ended.
  caf::expected<std::optional<shared_bytes>> next();

  /// Like `next`, but blocks for at most `timeout` (`deadline_passed`; no
  /// output is lost).
  caf::expected<std::optional<shared_bytes>> next(caf::timespan timeout);

  /// Returns the underlying output, for example for its exit status.
  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
};

/// Merges standard output and standard error into one stream, in the order of
/// arrival.
combined_output combine_output(process_output source);

/// The position of a reader in the output of a process.
class output_place {
public:
  /// Moves to the end of `x`. @returns the gap before `x`, if output was
  /// missed.
  std::optional<gap> skip_to(const output& x) noexcept;

private:
  cursor at_;
};

/// A `line` that owns its text.
struct text_line {
  stream_kind stream = stream_kind::out;
  std::string text;
  bool begins = true;
  bool ends = true;
};

/// The output of a process line by line, each stream by itself; see
/// `line_reader`.
///
///     line_output lines{std::move(make->output)};
///     for (auto x = lines.next(); x && *x; x = lines.next())
///       std::cout << "make: " << (*x)->text << '\n';
class line_output {
public:
  /// @param limit the length of a line, in bytes, above which it comes in
  ///              several parts.
  explicit line_output(process_output source,
                       std::size_t limit = line_reader::default_limit)
    : source_(std::move(source)), reader_(limit) {
    // nop
  }

  /// Blocks until there is a line; returns an empty value once both streams
  /// have ended.
  caf::expected<std::optional<text_line>> next();

  /// Like `next`, but blocks for at most `timeout` (`deadline_passed`; no
  /// output is lost).
  caf::expected<std::optional<text_line>> next(caf::timespan timeout);

  /// Returns the underlying output, for example for its exit status.
  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
  output_place at_;
  line_reader reader_;
  std::deque<text_line> ready_;
};

/// Waits for texts in the output of a process. It reads no further than the
/// chunk in which the match ends, and does not search any byte twice.
///
///     expect_output chat{std::move(shell->output)};
///     auto got = chat.expect({{"login: "}, {"[$#] $", pattern::kind::regex}});
///     if (got && got->pattern == 0)
///       shell->process.write("guest\n");
class expect_output {
public:
  /// @param window bytes of each stream that are searched; see `pattern_watch`.
  explicit expect_output(process_output source,
                         std::size_t window = pattern_watch::default_window)
    : source_(std::move(source)), buffer_(window) {
    // nop
  }

  /// Blocks until one of the patterns matches, or until the output has ended
  /// (`expect_result`). Errors: `deadline_passed` (the next call searches the
  /// same output again, as far as the window holds it); `invalid_argument`.
  /// Also fails if the session is gone.
  caf::expected<expect_result>
  expect(const std::vector<pattern>& patterns,
         caf::timespan timeout = std::chrono::seconds{30});

  /// Returns the underlying output, for example for its exit status.
  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
  output_place at_;
  expect_buffer buffer_;
};

/// A process and its output.
struct spawned_process {
  process_handle process;
  process_output output;
};

/// Starts `spec` and blocks until it runs. Regardless of `spec`, the session
/// pauses for its reader and belongs to the handle.
///
///     auto sort = spawn_process(where, {.program = "sort"});
///     sort->process.write("b\na\n");
///     sort->process.close_stdin();
///     for (auto x = sort->output.next(); x && *x; x = sort->output.next())
///       std::cout << (*x)->bytes.text();
///
/// @returns the process, or the error of a failed start (`errc`, `stage`).
caf::expected<spawned_process> spawn_process(const spawner& where,
                                             command spec);

/// Starts `spec` on its own pseudo-terminal, regardless of its `stdio`.
/// @copydetails spawn_process
caf::expected<spawned_process>
spawn_pty_process(const spawner& where, command spec, terminal_size size = {});

/// Starts `spec` on three pipes, regardless of its `stdio`.
/// @copydetails spawn_process
caf::expected<spawned_process> spawn_pipe_process(const spawner& where,
                                                  command spec);

/// Starts `spec` with its output on two pipes and the null device for input,
/// regardless of its `stdio`.
/// @copydetails spawn_process
caf::expected<spawned_process> spawn_pipe_process_no_stdin(const spawner& where,
                                                           command spec);

} // namespace procession
