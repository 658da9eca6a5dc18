#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/posix/terminal_end.hpp"
#include "procession/platform/posix/watched_fd.hpp"

#include <list>
#include <memory>
#include <string>

namespace procession::posix {

/// Writes a child's input, to a pipe or to the master of a terminal, as fast as
/// the kernel takes it, and ends it. On the reactor, unless stated otherwise.
class input_writer {
public:
  input_writer(stream_owner& owner, loop& reactor);

  /// Takes our end of a pipe. On the launcher, before anything else.
  void open(unique_fd pipe);

  /// Takes a terminal; the caller closes the master. On the launcher.
  /// @param slave outlives this; see `terminal_end`.
  void open(watched_fd master, unique_fd& slave);

  /// Queues input; `child_stdin_taken` or `child_stdin_refused` follows.
  void write(shared_bytes bytes);

  /// Ends the input after what is queued: closes a pipe, types the end of file
  /// into a terminal.
  void finish();

  /// Drops what is queued and writes no more.
  void close();

private:
  enum class state {
    /// There is no input, or it is closed.
    closed,
    open,
    /// Ends once the queue is empty.
    finishing,
    /// The end is being typed into the terminal.
    ending
  };

  enum class written { all, some, failed };

  int number() const noexcept;
  void flush();
  written write_some(shared_bytes& bytes, std::uint64_t& taken);
  /// Whether the terminal, in its present mode, keeps all these bytes.
  bool fits(const shared_bytes& bytes);
  void await_room();
  void end();
  void fail(errc code, int os_code, std::string text);

  stream_owner& owner_;
  loop& reactor_;
  state state_ = state::closed;
  /// A pipe that was never full: every watched descriptor wakes the reactor
  /// when the process closes the other end.
  unique_fd pipe_;
  /// A pipe that was full, or the master.
  watched_fd io_;
  /// Null for a pipe.
  unique_fd* slave_ = nullptr;
  bool awaiting_room_ = false;
  /// Mostly empty; a deque would take 512 bytes for that.
  std::list<shared_bytes> queue_;
  /// Whether a part of the queue's front was written.
  bool begun_ = false;
  /// The length of the typed line that has no end yet, see `line_after`.
  std::size_t line_ = 0;
  char last_ = '\n';
  /// While the input is being ended.
  std::unique_ptr<terminal_end> end_;
};

} // namespace procession::posix
