#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/error.hpp"
#include "procession/messages/events.hpp"
#include "procession/messages/session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

namespace procession {

/// The program runs.
struct child_started {
  std::int64_t pid = 0;
  containment_kind containment = containment_kind::unknown;
};

/// The program does not run and never will; no other event follows, nothing
/// is left of the attempt.
struct child_start_failed {
  failure why;
};

/// Bytes of one stream, in order.
struct child_output {
  stream_kind stream = stream_kind::out;
  shared_bytes bytes;
};

/// The kernel took this many more bytes of input.
struct child_stdin_taken {
  std::uint64_t bytes = 0;
};

/// This many bytes of the oldest queued input were refused; none of them was
/// delivered, and the input after them goes on.
struct child_stdin_refused {
  std::uint64_t bytes = 0;
  failure why;
};

/// Input can no longer be delivered; the queue is dropped. Not sent for an
/// input that `close_stdin` ended in order.
struct child_stdin_broken {
  failure why;
};

/// The program has written a line to its notification descriptor. Once at most,
/// and before `child_exited`.
struct child_notified {};

/// The answer to the `resize` or `signal` with this number.
struct child_answered {
  std::uint64_t request = 0;
  /// Whether it succeeded; if not, `why` is the failure.
  bool done = true;
  failure why;
};

/// The process was stopped by this signal (`command::report_stops`).
struct child_stopped {
  std::int32_t signal = 0;
};

/// The stopped process runs again.
struct child_continued {};

/// The process has ended. It is not reaped yet.
struct child_exited {
  exit_status status;
  /// Whether its output was read to the end, so that it finishes now.
  bool drained = false;
};

/// Nothing of the child is left: no descriptor, no zombie, and no process but
/// those that `rest` counts as surviving. Last.
struct child_finished {
  /// Whether its output was read to the end.
  bool drained = false;
  /// The descendants that outlived the process.
  leftovers rest = {};
  /// Whether its host was lost or has ended, so that output may be missing.
  bool host_lost = false;
};

/// An event of a child.
using child_event
  = std::variant<child_started, child_start_failed, child_output,
                 child_stdin_taken, child_stdin_refused, child_stdin_broken,
                 child_notified, child_stopped, child_continued, child_answered,
                 child_exited, child_finished>;

/// Where a child sends its events: called from one thread at a time, maybe from
/// inside `start`; must not block, throw or call the child.
using child_sink = std::function<void(child_event)>;

/// One process, wherever it lives: the actors' only view of a platform. All
/// functions return at once and may be called from any one thread at a time;
/// the sink gets their results.
///
/// A child finishes by itself once the process has ended and its output was
/// read to the end: it ends the rest of the tree, reaps, releases everything
/// and sends `child_finished`. Descendants that were not asked to end before
/// are asked now (SIGTERM), get the command's `kill_policy::leftovers_grace` to
/// do so, and are then killed. Those that `terminate` asked are waited for
/// until `kill`.
///
/// With `background_policy::keep`, a process that was not asked to end leaves
/// its descendants alone: `child_exited` says that output may follow, and the
/// child finishes once the tree is empty and its output was read to the end.
/// Until then `terminate`, `kill` and `finish`, which kills, end the tree.
///
/// Destroying a child ends its whole tree at once and in the background, and
/// nothing of the process remains. The sink is dropped soon; events that it
/// still gets are irrelevant.
class child {
public:
  child() = default;
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  virtual ~child() = default;

  /// Starts `spec`, which is valid. The answer is `child_started`, before which
  /// nothing else may be called, or `child_start_failed`.
  /// @param credit the bytes of output that may be read at first.
  virtual void start(command spec, std::uint64_t credit, child_sink sink) = 0;

  /// Allows this many more bytes of output to be read.
  virtual void grant(std::uint64_t bytes) = 0;

  /// Queues input; `child_stdin_taken` follows as the kernel takes it.
  virtual void write(shared_bytes bytes) = 0;

  /// Ends the input after the queue.
  virtual void close_stdin() = 0;

  /// Resizes the terminal; answers with `child_answered` and this number.
  virtual void resize(std::uint64_t request, terminal_size size) = 0;

  /// Sends a signal; answers with `child_answered` and this number.
  virtual void signal(std::uint64_t request, signal_name name) = 0;

  /// Asks every process of the tree to end, by that signal.
  virtual void terminate(signal_name by) = 0;

  /// Kills every remaining process of the tree, at any time.
  virtual void kill() = 0;

  /// After `child_exited`: stops waiting for the end of the output. The output
  /// is still read until the rest of the tree has ended.
  virtual void finish() = 0;
};

/// Makes children of one kind. May be called from any thread.
class child_factory {
public:
  child_factory() = default;
  child_factory(const child_factory&) = delete;
  child_factory& operator=(const child_factory&) = delete;
  virtual ~child_factory() = default;

  virtual std::unique_ptr<child> make_child() = 0;
};

} // namespace procession
