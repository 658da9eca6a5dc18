#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/runner/channel/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace procession {

/// The frames that wait to be sent. Control frames precede all others. Each
/// session has a queue that keeps its order, and the queues take turns: a
/// session waits for at most one frame of each other session.
///
/// It enforces no limit: the credit of each session bounds its data.
class outbox {
public:
  /// Queues a control frame, after the pending credit of its session.
  void add_control(frame_type type, std::uint64_t session, std::string body);

  /// Queues credit as a control frame. It is added to pending credit of the
  /// same kind, so that credit cannot pile up when the other side does not
  /// read.
  void add_credit(frame_type type, std::uint64_t session, std::uint64_t bytes);

  /// Queues a frame after all others of its session. A body of more than
  /// `max_data_body` bytes becomes several frames.
  void add_to_lane(frame_type type, std::uint16_t flags, std::uint64_t session,
                   shared_bytes body);

  /// Drops the queue of a session.
  void drop_lane(std::uint64_t session);

  /// Drops everything except control frames: queues and credit.
  void drop_all_but_control();

  bool empty() const noexcept {
    return control_.empty() && credits_.empty() && turns_.empty();
  }

  /// Returns frames to be written in one operation; valid until the next call.
  /// @returns the parts in order; empty if nothing waits.
  std::span<const std::span<const std::byte>> next_batch();

private:
  struct item {
    frame_type type;
    std::uint16_t flags;
    std::uint64_t session;
    shared_bytes body;
  };

  static item credit_item(std::uint64_t session, frame_type type,
                          std::uint64_t bytes);
  void send(item x);

  std::deque<item> control_;
  std::map<std::pair<std::uint64_t, frame_type>, std::uint64_t> credits_;
  std::unordered_map<std::uint64_t, std::deque<item>> queues_;
  /// The sessions whose queues are not empty, the next one first.
  std::deque<std::uint64_t> turns_;
  std::uint64_t last_sequence_ = 0;

  // The batch being sent.
  std::deque<frame_header_bytes> headers_;
  std::vector<shared_bytes> bodies_;
  std::vector<std::span<const std::byte>> parts_;
  std::size_t batch_size_ = 0;
};

} // namespace procession
