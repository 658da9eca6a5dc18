#pragma once

#include "procession/actors/supervision/child_report.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_addr.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace procession {

/// The events of a supervisor and their subscribers, each of which follows at
/// its own speed. Memory is bounded by the number of retained events; events on
/// their way to a subscriber are bounded by its window.
class event_feed {
public:
  /// @param self the supervisor, which sends the events
  explicit event_feed(supervisor_impl::pointer self) : self_(self) {
    // nop
  }

  event_feed(const event_feed&) = delete;
  event_feed& operator=(const event_feed&) = delete;

  /// Sets how many events are kept for later subscribers.
  void retain(std::size_t events) {
    retained_ = events;
  }

  /// Numbers `x`, keeps it, and sends it to all subscribers that have room.
  void publish(supervisor_event x);

  /// Subscribes the sender of the current message. Returns the number of the
  /// first event that it will get or miss.
  caf::result<std::uint64_t> subscribe(const event_subscription& terms);

  /// Ends the subscription of the sender.
  /// @param watched whether the sender is monitored for another reason, too
  caf::result<void> unsubscribe(bool watched);

  /// Opens the window of the sender; does nothing if it does not subscribe.
  void acknowledge(std::uint64_t events);

  /// Forgets a subscriber that has ended.
  void on_down(const caf::actor_addr& who);

  /// Publishes `ended` and sends every subscriber all retained events.
  /// @param anonymous whether the events have no sender: an actor without users
  ///                  must not send in its own name
  void finish(std::string why, bool anonymous);

private:
  struct member {
    /// Not a handle, which could keep the subscriber and, through it, the
    /// supervisor alive.
    caf::actor_addr who;
    std::uint64_t next;
    std::uint64_t credit;
  };

  /// Number of the next event.
  std::uint64_t next() const noexcept {
    return last_ + 1;
  }

  void push(supervisor_event x);
  std::vector<member>::iterator find_sender();
  template <class T>
  void send(const caf::actor_addr& whom, T x, bool anonymous);
  void deliver(member& x, bool anonymous = false);

  supervisor_impl::pointer self_;
  std::size_t retained_ = 0;
  std::deque<supervisor_event> events_;
  std::uint64_t last_ = 0;
  std::vector<member> members_;
};

} // namespace procession
