#pragma once

#include "procession/messages/bytes.hpp"

#include <cstdint>
#include <deque>

namespace procession {

/// The input of a session on its way to the runner: what the window does not
/// admit yet waits here.
class remote_input {
public:
  /// Queues bytes; does nothing after the end.
  void write(shared_bytes bytes);

  /// Ends the input after the bytes that are queued.
  void close();

  /// Takes the next bytes to be sent, one frame at most; empty if there are
  /// none, or the window is full.
  shared_bytes take();

  /// Whether the end is to be sent now; true once.
  bool take_end();

  /// The runner gives back the window of `bytes`.
  /// @returns false if fewer were sent.
  [[nodiscard]] bool credit(std::uint64_t bytes);

  /// The runner cannot deliver it. @returns false if that is known already.
  [[nodiscard]] bool fail();

  /// Sends no more: the process or the interest in it has ended.
  void drop();

private:
  enum class state { open, closing, closed, broken };

  state at_ = state::open;
  std::deque<shared_bytes> waiting_;
  /// Bytes that were sent and not credited.
  std::uint64_t under_way_ = 0;
};

} // namespace procession
