#pragma once

#include "procession/messages/caf.hpp"

#include <caf/actor_clock.hpp>
#include <caf/fwd.hpp>
#include <caf/timespan.hpp>

#include <chrono>
#include <optional>

namespace procession {

/// A delayed message keeps the memory of its actor until it comes, also when
/// nobody needs it any more, so none is delayed for longer than this.
inline constexpr auto longest_delay = std::chrono::seconds{10};

/// The time that an actor asked its timer for has come.
struct timer_fired {};

/// Asks for `timer_fired` after this time.
struct timer_request {
  caf::timespan time{};
};

/// Waits in place of another actor. A delayed message keeps its receiver alive,
/// and an actor that ends with its last user must not wait itself. A timer that
/// is set for later than `longest_delay` fires after `longest_delay` as well.
class actor_timer {
public:
  using handle = typed_actor<caf::result<void>(timer_request),
                             caf::result<void>(timer_fired)>;
  using time_point = caf::actor_clock::time_point;

  /// Starts the timer of `whose`, which gets `timer_fired`. It ends with
  /// `whose`.
  void attach(caf::local_actor* whose);

  /// Has it fire at `when`, unless it fires before: the actor then asks again
  /// for what is still to come.
  void fire_at(time_point when);

  /// To be called when it has fired. @returns whether it is time to look at
  /// what was asked for, which may be too early, and to ask again for the rest.
  bool fired();

private:
  caf::local_actor* whose_ = nullptr;
  handle hdl_;
  /// When it will fire next.
  std::optional<time_point> next_;
};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_actor_timer, 3020)
  PROCESSION_LOCAL(procession_actor_timer, procession::timer_fired)
  PROCESSION_LOCAL(procession_actor_timer, procession::timer_request)
PROCESSION_END_LOCAL(procession_actor_timer)
