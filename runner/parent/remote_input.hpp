#pragma once

#include "procession/messages/bytes.hpp"

#include <cstdint>
#include <deque>

namespace procession {

/// The input of a session on its way to the runner. Bytes that exceed the
/// window wait here.
class remote_input {
public:
  /// Queues bytes; does nothing after `close`.
  void write(shared_bytes bytes);

  /// Ends the input after the queued bytes.
  void close();

  /// Returns the next bytes to send, at most one frame; empty if no bytes wait
  /// or the window is full.
  shared_bytes take();

  /// Returns whether to send the end of the input now; true once.
  bool take_end();

  /// Takes back `bytes` of the window: the runner has delivered or refused
  /// them.
  /// @returns false if fewer bytes were on their way.
  [[nodiscard]] bool credit(std::uint64_t bytes);

  /// Marks the input as broken. @returns false if it was already.
  [[nodiscard]] bool fail();

  /// Drops the queued bytes and accepts no more.
  void drop();

private:
  enum class state { open, closing, closed, broken };

  state at_ = state::open;
  std::deque<shared_bytes> waiting_;
  /// Bytes that were sent and not credited yet.
  std::uint64_t under_way_ = 0;
};

} // namespace procession
