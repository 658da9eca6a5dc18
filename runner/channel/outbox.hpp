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

/// The frames that wait to be sent. Control goes before everything else; each
/// session has a queue, in which order is kept, and the lanes take turns: no
/// session waits for more than one frame of each other.
///
/// It bounds nothing itself: data is bounded by the credit of its session.
class outbox {
public:
  /// Queues a control frame, behind the credit of its session that waits.
  void add_control(frame_type type, std::uint64_t session, std::string body);

  /// Queues credit as a control frame; what waits already for the same is added
  /// up, so that credit never piles up for who does not read.
  void add_credit(frame_type type, std::uint64_t session, std::uint64_t bytes);

  /// Queues a frame behind all others of its session. More than `max_data_body`
  /// bytes become several frames.
  void add_to_lane(frame_type type, std::uint16_t flags, std::uint64_t session,
                   shared_bytes body);

  /// Forgets the queue of a session.
  void drop_lane(std::uint64_t session);

  /// Forgets everything that a control frame would overtake: lanes and credit.
  void drop_all_but_control();

  bool empty() const noexcept {
    return control_.empty() && credits_.empty() && turns_.empty();
  }

  /// Frames to be written in one go; valid until the next call.
  /// @returns the parts, one behind the other; none if nothing waits.
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
  /// The sessions whose lanes are not empty, the next one in front.
  std::deque<std::uint64_t> turns_;
  std::uint64_t last_sequence_ = 0;

  // What is being sent.
  std::deque<frame_header_bytes> headers_;
  std::vector<shared_bytes> bodies_;
  std::vector<std::span<const std::byte>> parts_;
  std::size_t batch_size_ = 0;
};

} // namespace procession
