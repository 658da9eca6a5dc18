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
/// until the answer is there. Nothing here is more than a message to a session;
/// inside an actor send these messages yourself, as an actor must not block.
namespace procession {

/// Owns a running process: its end is the end of the process's whole tree,
/// killed in the background. Movable, not copyable. It must not outlive the
/// `caf::actor_system` of its spawner.
///
/// All functions may be called from any thread, also at the same time, except
/// moving and destroying. They answer for as long as the spawner retains the
/// session, which for a process that ended is until this handle is gone or
/// more than `spawner_options::max_retained` sessions ended later.
class process_handle {
public:
  /// Owns nothing; every request fails.
  process_handle() noexcept = default;

  /// Takes over a session, whose tree will be killed with this handle.
  explicit process_handle(procession::session hdl) noexcept
    : session_(std::move(hdl)) {
    // nop
  }

  process_handle(process_handle&& other) noexcept = default;
  process_handle& operator=(process_handle&& other) noexcept;
  ~process_handle();

  /// Sends input of any size; blocks until the kernel took it all, which is for
  /// as long as the child does not read. What several threads write at a time
  /// may be mixed in pieces of 256 KiB.
  /// @returns the number of bytes. Errors: `stdin_closed`, `already_exited`;
  ///          `stdin_full` if others write so much more at the same time.
  caf::expected<std::uint64_t> write(shared_bytes bytes);

  /// Ends input behind what was written. On a PTY: types the terminal's end of
  /// file character. Repeating it does nothing.
  caf::expected<void> close_stdin();

  /// Resizes the terminal. Errors: `not_a_terminal`, `invalid_argument`,
  /// `already_exited`.
  caf::expected<void> resize(terminal_size size);

  /// Signals the process group; on a PTY `interrupt` and `quit` go to the
  /// foreground job. Error: `already_exited`.
  caf::expected<void> signal(signal_name name);

  /// Asks the tree to end and kills it after a grace (default: the command's);
  /// blocks until the process ended. What it wrote before stays readable.
  /// @returns how it ended. Error: `deadline_passed` if the kernel does not
  ///          let go of it.
  caf::expected<exit_status> terminate();

  /// @copydoc terminate
  caf::expected<exit_status> terminate(caf::timespan grace);

  /// As `terminate`, but returns at once: for callers that go on reading the
  /// output to its end.
  void request_terminate();

  /// Blocks until the process ended. Output may still follow. Somebody has to
  /// read it meanwhile: a process that nobody reads from waits.
  caf::expected<exit_status> wait();

  /// Blocks until the process ended, so long at most (`deadline_passed`).
  caf::expected<exit_status> wait(caf::timespan timeout);

  /// Whether the process has ended.
  bool has_exited();

  /// The exit status as a shell has it (`shell_code`), once it ended.
  std::optional<std::uint32_t> exit_code();

  /// The state of the session: pid, bytes, ...
  caf::expected<session_info> info();

  /// The actor behind it, for everything else.
  const procession::session& session() const noexcept {
    return session_;
  }

private:
  procession::session session_;
};

/// Pulls the output of one process, both streams in order of arrival, without
/// loss: what is not read yet waits in the session, and when its log is full,
/// the child waits. Use one of these for a process, from one thread at a time.
class process_output {
public:
  process_output() noexcept = default;

  /// Reads from the beginning of what `source` retains. Only a session that
  /// was spawned with `unsubscribed_policy::pause` waits for its reader.
  explicit process_output(session source) noexcept
    : source_(std::move(source)) {
    // nop
  }

  /// Blocks until there is output or its end.
  /// @returns the next chunk, or none once the streams are at their end.
  ///          Errors: that the session is gone.
  caf::expected<std::optional<output>> next();

  /// As `next`, for so long at most (`deadline_passed`; nothing is lost).
  caf::expected<std::optional<output>> next(caf::timespan timeout);

  /// Whether `next` has told of the end.
  bool ended() const noexcept {
    return ended_ && pending_.empty();
  }

  /// At the end: whether both streams were read to their end, and not cut off
  /// by the drain deadline because a descendant held them open.
  bool complete() const noexcept {
    return complete_;
  }

  /// At the end: how the process ended.
  const exit_status& status() const noexcept {
    return status_;
  }

  /// Bytes of each stream that somebody else made the session forget, by
  /// subscribing to it or by reading ahead of this reader.
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
  explicit combined_output(process_output source) noexcept
    : source_(std::move(source)) {
    // nop
  }

  /// Blocks until there are bytes or their end (none).
  caf::expected<std::optional<shared_bytes>> next();

  /// @copydoc next for so long at most (`deadline_passed`).
  caf::expected<std::optional<shared_bytes>> next(caf::timespan timeout);

  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
};

/// Merges standard output and standard error into one stream, in the order of
/// arrival.
combined_output combine_output(process_output source);

/// How far somebody has read.
class output_place {
public:
  /// Goes on to the end of `x`. @returns what was missed before it.
  std::optional<gap> skip_to(const output& x) noexcept;

private:
  cursor at_;
};

/// A `line` that has its own memory.
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
  /// @param limit bytes of the longest line that comes in one part.
  explicit line_output(process_output source,
                       std::size_t limit = line_reader::default_limit)
    : source_(std::move(source)), reader_(limit) {
    // nop
  }

  /// Blocks until there is a line or the end of both streams (none).
  caf::expected<std::optional<text_line>> next();

  /// @copydoc next for so long at most (`deadline_passed`; nothing is lost).
  caf::expected<std::optional<text_line>> next(caf::timespan timeout);

  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
  output_place at_;
  line_reader reader_;
  std::deque<text_line> ready_;
};

/// Waits for texts in the output of a process: reads no further than the chunk
/// in which the match ends, and looks at no byte twice.
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

  /// Blocks until one of the patterns is in the output, or the output is at its
  /// end (`expect_result`). Errors: `deadline_passed`, after which what has
  /// come is looked at again, as far as the window holds it;
  /// `invalid_argument`; that the session is gone.
  caf::expected<expect_result>
  expect(const std::vector<pattern>& patterns,
         caf::timespan timeout = std::chrono::seconds{30});

  const process_output& source() const noexcept {
    return source_;
  }

private:
  process_output source_;
  output_place at_;
  expect_buffer buffer_;
};

/// A process and what it writes.
struct spawned_process {
  process_handle process;
  process_output output;
};

/// Starts `spec`; blocks until it runs. Its session is made to pause for its
/// reader and to belong to the handle.
///
///     auto sort = spawn_process(where, {.program = "sort"});
///     sort->process.write("b\na\n");
///     sort->process.close_stdin();
///     for (auto x = sort->output.next(); x && *x; x = sort->output.next())
///       std::cout << (*x)->bytes.text();
///
/// @returns the process, or why it does not run (`errc`, `stage`).
caf::expected<spawned_process> spawn_process(const spawner& where,
                                             command spec);

/// Starts `spec` on a pseudo-terminal of its own, whatever its `stdio` says.
/// @copydetails spawn_process
caf::expected<spawned_process>
spawn_pty_process(const spawner& where, command spec, terminal_size size = {});

/// Starts `spec` on three pipes, whatever its `stdio` says.
/// @copydetails spawn_process
caf::expected<spawned_process> spawn_pipe_process(const spawner& where,
                                                  command spec);

/// Starts `spec` with its output on two pipes and the null device for input,
/// whatever its `stdio` says. @copydetails spawn_process
caf::expected<spawned_process> spawn_pipe_process_no_stdin(const spawner& where,
                                                           command spec);

} // namespace procession
