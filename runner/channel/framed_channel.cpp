#include "procession/runner/channel/framed_channel.hpp"

#include "procession/io/text/in_ms.hpp"

#include <utility>

namespace procession {

namespace {

failure channel_failure(errc code, std::string text, int os_code = 0) {
  return {code, {stage::channel, os_code, std::move(text)}};
}

} // namespace

struct framed_channel::core : std::enable_shared_from_this<core> {
  enum class state {
    fresh,
    open,
    /// The other side broke the protocol; we can still tell it so.
    deaf,
    /// The last frame is being sent; input is ignored.
    parting,
    closed
  };

  core(std::shared_ptr<duplex> x, channel_listener& to, liveness t)
    : stream(std::move(x)), listener(to), terms(t) {
    // nop
  }

  bool open() const noexcept {
    return at == state::open;
  }

  void close() {
    at = state::closed;
    stream->close();
    if (auto f = std::exchange(parted, nullptr))
      f();
  }

  void end(const failure& why) {
    if (at == state::parting)
      return close();
    if (at != state::open)
      return;
    close();
    listener.on_end(why);
  }

  void read() {
    stream->read_some(decoder.room(), [self = shared_from_this()](
                                        std::error_code ec, std::size_t n) {
      self->on_read(ec, n);
    });
  }

  /// Stops listening. The other side can still be told about its violation.
  void object(const failure& why) {
    at = state::deaf;
    listener.on_end(why);
  }

  void on_read(std::error_code ec, std::size_t n) {
    if (at == state::closed)
      return;
    if (ec)
      return end(
        channel_failure(errc::runner_lost, "the channel broke", ec.value()));
    if (n == 0)
      return end(decoder.at_end().value_or(
        channel_failure(errc::runner_lost, "the channel ended")));
    heard = true;
    auto bad = decoder.filled(
      n, [this](frame& x) { on_frame(x); }, [this] { return open(); });
    if (bad && open())
      return object(*bad);
    if (at == state::open)
      read();
  }

  void on_frame(frame& x) {
    switch (x.header().type) {
      case frame_type::ping:
      case frame_type::pong:
        if (x.header().length != 0 || x.header().session != 0)
          return object(channel_failure(errc::protocol_violation,
                                        "a " + to_string(x.header().type)
                                          + " carries something"));
        // One pong answers all pings since the last pong was written.
        if (x.header().type == frame_type::ping
            && !std::exchange(owes_pong, true))
          out.add_control(frame_type::pong, 0, {});
        return flush();
      default:
        listener.on_frame(x);
    }
  }

  void flush() {
    if (writing || at == state::fresh || at == state::closed)
      return;
    auto batch = out.next_batch();
    if (batch.empty()) {
      if (at == state::parting)
        close();
      return;
    }
    owes_pong = false;
    writing = true;
    stream->write(batch, [self = shared_from_this()](std::error_code ec,
                                                     std::size_t) {
      self->writing = false;
      if (!ec)
        return self->flush();
      if (self->at == state::parting)
        return self->close();
      // What the other side sent before is still to be read.
      self->writing = true;
      if (self->at == state::open)
        self->listener.on_broken(
          channel_failure(errc::runner_lost, "the channel broke", ec.value()));
    });
  }

  std::shared_ptr<duplex> stream;
  channel_listener& listener;
  liveness terms;
  state at = state::fresh;
  frame_decoder decoder;
  outbox out;
  bool writing = false;
  bool owes_pong = false;
  /// Whether something arrived since the last tick.
  bool heard = false;
  /// Whether a ping waits for an answer.
  bool asked = false;
  time_point due{};
  std::function<void()> parted;
};

framed_channel::framed_channel(std::shared_ptr<duplex> stream,
                               channel_listener& to, liveness terms)
  : core_(std::make_shared<core>(std::move(stream), to, terms)) {
  // nop
}

framed_channel::~framed_channel() {
  core_->parted = nullptr;
  core_->close();
}

void framed_channel::start(time_point now) {
  core_->at = core::state::open;
  core_->due = now + core_->terms.interval;
  core_->read();
  core_->flush();
}

void framed_channel::send(frame_type type, std::uint64_t session,
                          std::string body) {
  core_->out.add_control(type, session, std::move(body));
  core_->flush();
}

void framed_channel::send_credit(frame_type type, std::uint64_t session,
                                 std::uint64_t bytes) {
  core_->out.add_credit(type, session, bytes);
  core_->flush();
}

void framed_channel::send_in_turn(frame_type type, std::uint64_t session,
                                  shared_bytes body, std::uint16_t flags) {
  core_->out.add_to_lane(type, flags, session, std::move(body));
  core_->flush();
}

void framed_channel::drop(std::uint64_t session) {
  core_->out.drop_lane(session);
}

void framed_channel::send_last(frame_type type, std::string body,
                               std::function<void()> done) {
  if (core_->at != core::state::open && core_->at != core::state::deaf)
    return done();
  // It would follow the last frame.
  core_->out.drop_all_but_control();
  core_->out.add_control(type, 0, std::move(body));
  core_->at = core::state::parting;
  core_->parted = std::move(done);
  core_->flush();
}

void framed_channel::close() {
  if (core_->at != core::state::closed)
    core_->close();
}

framed_channel::time_point framed_channel::next_tick() const {
  return core_->open() ? core_->due : time_point::max();
}

void framed_channel::tick(time_point now) {
  auto& x = *core_;
  if (!x.open() || now < x.due)
    return;
  // If this call is late, we were stopped or asleep ourselves; an answer may
  // have arrived.
  auto late = now - x.due > x.terms.interval / 2;
  if (std::exchange(x.heard, false)) {
    x.asked = false;
    x.due = now + x.terms.interval;
  } else if (!std::exchange(x.asked, true)) {
    x.out.add_control(frame_type::ping, 0, {});
    x.due = now + x.terms.deadline;
    x.flush();
  } else if (late) {
    x.due = now + x.terms.deadline;
  } else {
    x.end(channel_failure(errc::deadline_passed,
                          "the other side was silent for "
                            + in_ms(x.terms.interval + x.terms.deadline)));
  }
}

} // namespace procession
