#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/posix/host.hpp"
#include "procession/platform/posix/watched_fd.hpp"

#include <cstdint>
#include <span>

namespace procession::posix {

/// Reads one output of a child, a pipe or the master of a terminal, while there
/// is credit. On the reactor, unless stated otherwise.
class output_reader {
public:
  /// @param credit how many bytes may be read; the reader takes from it.
  output_reader(stream_owner& owner, host& where, stream_kind stream,
                std::uint64_t& credit);

  /// Takes `fd`, if it is one. On the launcher, before anything else.
  /// @returns whether the reactor takes it.
  bool open(unique_fd& fd, bool terminal);

  /// Prepares to read. On the launcher; `await` must follow if there is credit.
  void start();

  /// Waits for output on `from`, a copy of `io()`, so that the launcher can
  /// call this while the reactor closes that.
  void await(watched_fd from);

  /// Reads available output, as far as the credit goes, and waits for more. To
  /// be called when there is more credit.
  void pump();

  /// Looks for the end of the output at once instead of waiting for it. To be
  /// called when the process has ended.
  void hurry();

  /// Reads no more, but leaves the output open to its writers.
  void stop();

  /// Reads no more and closes the output.
  void close();

  /// Whether nothing more comes; true for an output that was never opened.
  bool ended() const noexcept;

  /// Null if it is closed.
  const watched_fd& io() const noexcept {
    return io_;
  }

private:
  enum class state { none, idle, waiting, ended };

  /// Reads once, with `errno` as read(2) leaves it.
  ssize_t read_some(std::span<std::byte> room);
  void widen();
  void end();

  stream_owner& owner_;
  host& host_;
  const stream_kind stream_;
  std::uint64_t& credit_;
  state state_ = state::none;
  bool terminal_ = false;
  watched_fd io_;
  chunk_tail tail_;
  /// Consecutive reads that filled their room.
  int full_reads_ = 0;
  bool wide_ = false;
};

} // namespace procession::posix
