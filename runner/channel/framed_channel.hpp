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

/// Receives what a channel reads. Called on the channel's thread, and never
/// from inside a call to the channel other than `tick`; may call the channel,
/// or destroy it.
class channel_listener {
public:
  virtual ~channel_listener() = default;

  /// A frame arrived. Pings and pongs are not passed on.
  virtual void on_frame(frame& x) = 0;

  /// Nothing more arrives. Called once, as the last call; not called after
  /// `close`. Codes: `runner_lost` when the stream ended, `deadline_passed`
  /// when the other side is silent, `protocol_violation`, after which the other
  /// side can still be told about it.
  virtual void on_end(const failure& why) = 0;

  /// Frames that we send do not arrive any more; those of the other side still
  /// may.
  virtual void on_broken(const failure& why) = 0;
};

/// When the other side of a channel counts as lost.
struct liveness {
  /// The other side is asked for a frame after this much silence.
  std::chrono::nanoseconds interval = std::chrono::seconds{5};
  /// It is lost after this much further silence.
  std::chrono::nanoseconds deadline = std::chrono::seconds{10};
};

/// Frames both ways over a stream: checks and passes on what arrives, and
/// queues what is sent in an outbox. It has no clock: its owner calls `tick` at
/// `next_tick`. Everything happens on one thread.
class framed_channel {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// @param to must outlive the channel, or close it.
  framed_channel(std::shared_ptr<duplex> stream, channel_listener& to,
                 liveness terms);
  framed_channel(const framed_channel&) = delete;
  framed_channel& operator=(const framed_channel&) = delete;
  ~framed_channel();

  /// Starts reading.
  void start(time_point now);

  /// Sends a control frame, before all data.
  void send(frame_type type, std::uint64_t session, std::string body = {});

  /// Sends credit after the other control frames; credit that waits is combined
  /// into one frame.
  void send_credit(frame_type type, std::uint64_t session, std::uint64_t bytes);

  /// Sends a frame after the others of its session.
  void send_in_turn(frame_type type, std::uint64_t session, shared_bytes body,
                    std::uint16_t flags = 0);

  /// Drops the queued data of a session.
  void drop(std::uint64_t session);

  /// Stops reading, drops all queued data, sends the frame (usually a goodbye)
  /// after the other control frames and closes; then calls `done`. A peer that
  /// does not read delays this, so the caller needs a deadline.
  void send_last(frame_type type, std::string body, std::function<void()> done);

  /// Closes the channel now; nothing more is reported.
  void close();

  /// When `tick` is due.
  time_point next_tick() const;

  /// Asks the other side for a sign of life, or gives it up.
  void tick(time_point now);

private:
  struct core;
  std::shared_ptr<core> core_;
};

} // namespace procession
