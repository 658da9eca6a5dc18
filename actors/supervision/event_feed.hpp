#pragma once

#include "procession/messages/supervisor.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace procession {

/// The events of one supervisor and those who subscribe to them: each follows
/// at its own speed. What it costs is bounded by the events that are retained
/// and, for each subscriber, by its window. It belongs to the supervisor;
/// `self` is how that sends.
class event_feed {
public:
  explicit event_feed(std::size_t retained) : retained_(retained) {
    // nop
  }

  /// Gives `x` its number and keeps it for those who subscribe.
  void push(supervisor_event x) {
    x.seq = ++last_;
    events_.push_back(std::move(x));
    if (events_.size() > retained_)
      events_.pop_front();
  }

  /// Number of the event that comes next.
  std::uint64_t next() const noexcept {
    return last_ + 1;
  }

  bool contains(const caf::actor_addr& who) const noexcept {
    return std::any_of(members_.begin(), members_.end(),
                       [&](const member& x) { return x.who == who; });
  }

  /// It gets its first events with the next `deliver`.
  /// @returns the number of the first that it will have or miss.
  std::uint64_t add(const supervisor_subscriber& who,
                    event_subscription terms) {
    auto from = std::clamp<std::uint64_t>(terms.from, 1, next());
    members_.push_back({who.address(), from, terms.window});
    return from;
  }

  /// @returns whether it was there.
  bool remove(const caf::actor_addr& who) {
    auto i = find(who);
    if (i == members_.end())
      return false;
    members_.erase(i);
    return true;
  }

  /// Opens its window; nothing happens if it does not subscribe.
  void acknowledge(const caf::actor_addr& who, std::uint64_t events) {
    auto i = find(who);
    if (i != members_.end())
      i->credit = i->credit + events < events ? ~std::uint64_t{0}
                                              : i->credit + events;
  }

  /// Sends every subscriber what its window allows.
  template <class Actor>
  void deliver(Actor* self) {
    for (auto& x : members_)
      deliver(self, x);
  }

  /// It is over: sends every subscriber all that is retained. Without `self`
  /// that comes from nobody: an actor that has no user left must not send.
  /// @returns who they were.
  template <class Actor>
  std::vector<caf::actor_addr> finish(Actor* self) {
    std::vector<caf::actor_addr> result;
    for (auto& x : members_) {
      x.credit = ~std::uint64_t{0};
      deliver(self, x);
      result.push_back(x.who);
    }
    members_.clear();
    return result;
  }

private:
  struct member {
    /// Not a handle: it may hold one of the supervisor, and so each the other.
    caf::actor_addr who;
    std::uint64_t next;
    std::uint64_t credit;
  };

  std::vector<member>::iterator find(const caf::actor_addr& who) {
    return std::find_if(members_.begin(), members_.end(),
                        [&](const member& x) { return x.who == who; });
  }

  template <class Actor, class T>
  static void send(Actor* self, const caf::actor_addr& whom, T x) {
    auto to = caf::actor_cast<supervisor_subscriber>(whom);
    if (!to)
      return;
    if (self != nullptr)
      self->send(to, std::move(x));
    else
      caf::anon_send(to, std::move(x));
  }

  template <class Actor>
  void deliver(Actor* self, member& x) {
    auto first = next() - events_.size();
    while (x.credit > 0 && x.next < next()) {
      if (x.next < first) {
        send(self, x.who, events_missed{x.next, first});
        x.next = first;
      } else {
        send(self, x.who, events_[x.next - first]);
        ++x.next;
        --x.credit;
      }
    }
  }

  std::size_t retained_;
  std::deque<supervisor_event> events_;
  std::uint64_t last_ = 0;
  std::vector<member> members_;
};

} // namespace procession
