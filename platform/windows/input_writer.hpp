#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/windows/rules/terminal_input.hpp"
#include "procession/platform/windows/watched_stream.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>

namespace procession::windows {

/// Writes a child's input, to a pipe or to a pseudoconsole, as fast as it is
/// taken, and ends it. On the reactor.
class input_writer {
public:
  input_writer(stream_owner& owner, loop& reactor);

  /// Takes `to`, if it is a handle.
  /// @returns whether the reactor takes it.
  bool open(unique_handle& to, bool terminal);

  /// Queues input; leads to `child_stdin_taken`.
  void write(shared_bytes bytes);

  /// Ends the input after what is queued: closes a pipe, types the end of file
  /// into a terminal.
  void finish();

  /// Types text into a terminal past the queue.
  void type(std::string text);

  /// Drops what is queued, cancels the write under way and calls `done` after
  /// its completion: at once if there is none. The process has ended, but the
  /// system may tell that first and then that it had read its input.
  void settle(std::function<void()> done);

  /// Drops what is queued and closes the handle. No write is under way, except
  /// by `type`.
  void close();

private:
  enum class state {
    /// There is no input, or no more is taken.
    closed,
    open,
    /// Ends once the queue is empty.
    finishing
  };

  void flush();
  void on_written(const boost::system::error_code& ec, std::size_t taken);
  void end();
  void fail(int os_code);

  stream_owner& owner_;
  loop& reactor_;
  state state_ = state::closed;
  bool terminal_ = false;
  watched_stream io_;
  std::deque<shared_bytes> queue_;
  /// A write from the queue is under way.
  bool sending_ = false;
  /// While `settle` waits for that.
  std::function<void()> settled_;
  terminal_input typed_;
};

} // namespace procession::windows
