#pragma once

#include "procession/io/output/credit.hpp"
#include "procession/io/output/output_log.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor_addr.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace procession {

/// The subscribers of one session: each follows the log at its own speed and
/// gets each event once. It belongs to the session actor, which is the `self`
/// that sends the events.
class fanout {
public:
  /// The facts that all subscribers are told besides the output.
  struct facts {
    session_state state = session_state::starting;
    /// 0 if it never ran.
    std::int64_t pid = 0;
    containment_kind containment = containment_kind::unknown;
    /// The signal that has stopped the process; 0 while it runs.
    std::int32_t stopped = 0;
    exit_status status;
    close_reason why = close_reason::complete;
    leftovers rest;
  };

  fanout(const session_id& id, const output_log& log);

  bool empty() const noexcept {
    return members_.empty();
  }

  /// Returns how many subscribers get output.
  std::size_t readers() const noexcept;

  bool contains(const caf::actor_addr& who) const noexcept;

  /// Adds a subscriber; it gets its first events with the next `deliver`.
  void add(subscriber who, const subscription& terms);

  /// Removes a subscriber. @returns the end of the output that it was sent;
  /// empty if it did not subscribe.
  std::optional<cursor> remove(const caf::actor_addr& who);

  /// Opens the window of a subscriber and sends it as much as that allows; does
  /// nothing if the actor does not subscribe. @returns whether the subscriber
  /// was sent everything, including `closed`, and was forgotten.
  template <class Actor>
  bool acknowledge(Actor* self, const caf::actor_addr& who, std::uint64_t bytes,
                   const facts& now) {
    auto i = find(who);
    if (i == members_.end())
      return false;
    i->window.acknowledged(bytes);
    deliver(self, *i, now);
    if (i->told != session_state::closed)
      return false;
    members_.erase(i);
    return true;
  }

  /// Sends every subscriber as much as its window allows. Subscribers that were
  /// sent everything get `closed` and are forgotten.
  /// @returns the subscribers that were forgotten.
  template <class Actor>
  std::vector<caf::actor_addr> deliver(Actor* self, const facts& now) {
    for (auto& x : members_)
      deliver(self, x, now);
    std::vector<caf::actor_addr> done;
    if (now.state != session_state::closed)
      return done;
    std::erase_if(members_, [&](const member& x) {
      if (x.told != session_state::closed)
        return false;
      done.push_back(x.who.address());
      return true;
    });
    return done;
  }

  /// Ends all subscriptions early: sends each subscriber as much as its window
  /// allows, a `gap` for the rest, `exited` unless that was sent before, and
  /// `closed`, with `host_lost` if there was a rest or the session is not
  /// closed.
  /// @returns the addresses of the subscribers.
  template <class Actor>
  std::vector<caf::actor_addr> abort(Actor* self, const facts& now) {
    std::vector<caf::actor_addr> result;
    for (auto& x : members_) {
      deliver_start(self, x, now);
      deliver_output(self, x);
      auto why = now.state == session_state::closed ? now.why
                                                    : close_reason::host_lost;
      for (auto stream : {stream_kind::out, stream_kind::err}) {
        auto from = x.at.at[stream], to = log_.end()[stream];
        if (from >= to || x.mode == delivery::events_only)
          continue;
        self->send(x.who, gap{id_, ++x.seq, stream, from, to});
        why = close_reason::host_lost;
      }
      if (x.told < session_state::exited)
        self->send(x.who, exited{id_, ++x.seq, now.status});
      self->send(x.who, closed{id_, ++x.seq, why, now.rest});
      result.push_back(x.who.address());
    }
    members_.clear();
    return result;
  }

  /// Returns whether a lossless subscriber was not sent everything yet.
  bool holds_back() const noexcept;

  /// Returns the end of the output that every lossless subscriber was sent:
  /// output after it must not be evicted. Without such a subscriber, returns
  /// the end of the log.
  cursor floor() const noexcept;

private:
  struct member {
    subscriber who;
    output_log::position at;
    send_window window;
    delivery mode;
    std::uint64_t seq = 0;
    /// The last state that it was told.
    session_state told = session_state::starting;
    /// The last stop that it was told.
    std::int32_t stopped = 0;
  };

  template <class Actor>
  void deliver_start(Actor* self, member& x, const facts& now) {
    if (x.told != session_state::starting || now.pid == 0)
      return;
    x.told = session_state::running;
    self->send(x.who, started{id_, ++x.seq, now.pid, now.containment});
  }

  template <class Actor>
  void deliver_output(Actor* self, member& x) {
    if (x.mode == delivery::events_only)
      return;
    while (auto n = x.window.available()) {
      // Sent only when the window has room for the output that follows, so that
      // it is one gap, even if it has grown.
      while (auto loss = log_.skip_evicted(x.at))
        self->send(x.who,
                   gap{id_, ++x.seq, loss->stream, loss->from, loss->to});
      auto run = log_.next(x.at, n);
      if (!run)
        break;
      x.window.sent(run->bytes.size());
      self->send(x.who, output{id_, ++x.seq, run->stream, run->offset,
                               std::move(run->bytes)});
    }
  }

  template <class Actor>
  void deliver(Actor* self, member& x, const facts& now) {
    deliver_start(self, x, now);
    deliver_output(self, x);
    if (x.stopped != now.stopped && now.state < session_state::exited) {
      x.stopped = now.stopped;
      if (x.stopped != 0)
        self->send(x.who, stopped{id_, ++x.seq, x.stopped});
      else
        self->send(x.who, continued{id_, ++x.seq});
    }
    if (now.state >= session_state::exited && x.told < session_state::exited) {
      x.told = session_state::exited;
      self->send(x.who, exited{id_, ++x.seq, now.status});
    }
    if (now.state == session_state::closed && has_all_output(x)) {
      x.told = session_state::closed;
      self->send(x.who, closed{id_, ++x.seq, now.why, now.rest});
    }
  }

  std::vector<member>::iterator find(const caf::actor_addr& who);
  bool has_all_output(const member& x) const noexcept;

  const session_id& id_;
  const output_log& log_;
  std::vector<member> members_;
};

} // namespace procession
