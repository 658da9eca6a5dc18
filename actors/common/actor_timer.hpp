#pragma once

#include "procession/messages/caf.hpp"

#include <caf/actor_clock.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <optional>

namespace procession {

/// The longest delay of a message. A delayed message keeps the memory of its
/// receiver until it arrives, even if the receiver has ended.
inline constexpr auto longest_delay = std::chrono::seconds{10};

/// Sent by a timer when the requested time has come.
struct timer_fired {};

/// Asks for `timer_fired` after this time.
struct timer_request {
  caf::timespan time{};
};

/// Waits in place of another actor. A delayed message keeps its receiver alive,
/// so an actor that ends with its last user must not send one to itself. A
/// timer that is set for later than `longest_delay` fires after `longest_delay`
/// as well.
class actor_timer {
public:
  using handle = typed_actor<caf::result<void>(timer_request),
                             caf::result<void>(timer_fired)>;
  using time_point = caf::actor_clock::time_point;

  /// Starts the timer of `whose`, which gets `timer_fired`. It ends with
  /// `whose`.
  void attach(caf::local_actor* whose);

  /// Sets the timer to fire at `when`, unless it fires before that: the actor
  /// then calls this again for the deadlines that remain.
  void fire_at(time_point when);

  /// Must be called for each `timer_fired`. @returns whether the actor must
  /// check its deadlines, of which none may have passed yet, and set the timer
  /// again for those that remain.
  bool fired();

private:
  caf::local_actor* whose_ = nullptr;
  handle hdl_;
  /// When the timer fires next.
  std::optional<time_point> next_;
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_actor_timer, 3020)
  PROCESSION_LOCAL(procession_actor_timer, procession::timer_fired)
  PROCESSION_LOCAL(procession_actor_timer, procession::timer_request)
PROCESSION_END_LOCAL(procession_actor_timer)
