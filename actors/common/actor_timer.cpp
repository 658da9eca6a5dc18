#include "procession/actors/common/actor_timer.hpp"

#include <caf/local_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace procession {

namespace {

using sleeper = typed_actor<caf::result<void>(timer_fired)>;

actor_timer::handle::behavior_type
clock_behavior(actor_timer::handle::pointer self, caf::actor_addr whose) {
  self->set_down_handler([=](caf::down_msg&) { self->quit(); });
  // An address does not keep its actor alive, and CAF would access an actor
  // that is already gone.
  if (auto there = caf::actor_cast<caf::strong_actor_ptr>(whose))
    self->monitor(there);
  else
    self->quit();
  return {
    [=](timer_request x) { self->delayed_send(self, x.time, timer_fired{}); },
    [=](timer_fired x) {
      if (auto to = caf::actor_cast<sleeper>(whose))
        self->send(to, x);
    },
  };
}

} // namespace

void actor_timer::attach(caf::local_actor* whose) {
  whose_ = whose;
  hdl_ = whose->spawn(clock_behavior, whose->address());
}

void actor_timer::fire_at(time_point when) {
  auto now = whose_->clock().now();
  when = std::min(when, now + longest_delay);
  if (next_ && *next_ <= when)
    return;
  next_ = when;
  caf::anon_send(hdl_, timer_request{when - now});
}

bool actor_timer::fired() {
  if (next_ && whose_->clock().now() < *next_)
    return false;
  next_.reset();
  return true;
}

} // namespace procession
