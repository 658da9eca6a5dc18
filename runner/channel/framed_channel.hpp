#pragma once

#include "procession/io/reactor/duplex.hpp"
#include "procession/runner/channel/frame.hpp"
#include "procession/runner/channel/outbox.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace procession {

/// Receives what a channel reads. Called on the channel's thread, from inside
/// of no call to the channel but `tick`; may call the channel, or destroy it.
class channel_listener {
public:
  virtual ~channel_listener() = default;

  /// A frame arrived; pings and pongs are not told.
  virtual void on_frame(frame& x) = 0;

  /// Nothing more arrives. Once, last; not after `close`. Codes: `runner_lost`
  /// when the stream ended, `deadline_passed` when the other side is silent,
  /// `protocol_violation`, after which it can still be told what it did wrong.
  virtual void on_end(const failure& why) = 0;

  /// Nothing that is sent arrives any more, but what was sent to us still may.
  virtual void on_broken(const failure& why) = 0;
};

/// When the other side of a channel counts as lost.
struct liveness {
  /// After so long without a frame the other side is asked for one.
  std::chrono::nanoseconds interval = std::chrono::seconds{5};
  /// So long after that it is lost.
  std::chrono::nanoseconds deadline = std::chrono::seconds{10};
};

/// Frames both ways over a stream: what arrives is checked and told, what is
/// sent waits in an outbox. It does not know the time: whoever owns it calls
/// `tick` when `next_tick` comes. All of it on one thread.
class framed_channel {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param to outlives the channel, or closes it.
  framed_channel(std::shared_ptr<duplex> stream, channel_listener& to,
                 liveness terms);
  framed_channel(const framed_channel&) = delete;
  framed_channel& operator=(const framed_channel&) = delete;
  ~framed_channel();

  /// Begins to read.
  void start(time_point now);

  /// Sends a control frame, before all data.
  void send(frame_type type, std::uint64_t session, std::string body = {});

  /// Sends credit behind the other control frames, as one frame with what
  /// waits.
  void send_credit(frame_type type, std::uint64_t session, std::uint64_t bytes);

  /// Sends a frame behind the others of its session.
  void send_in_turn(frame_type type, std::uint64_t session, shared_bytes body,
                    std::uint16_t flags = 0);

  /// Forgets what is to be sent in turn for a session.
  void drop(std::uint64_t session);

  /// Reads no more, forgets what is to be sent in turn, sends the frame (a
  /// goodbye, as a rule) behind the other control frames and closes; `done` is
  /// called then. A side that does not read holds that up: the wait needs a
  /// deadline of its own.
  void send_last(frame_type type, std::string body, std::function<void()> done);

  /// Ends it now; nothing more is told.
  void close();

  /// When `tick` is due.
  time_point next_tick() const;

  /// Asks the other side whether it is there, or gives it up.
  void tick(time_point now);

private:
  struct core;
  std::shared_ptr<core> core_;
};

} // namespace procession
