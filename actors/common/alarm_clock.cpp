#include "procession/actors/common/alarm_clock.hpp"

#include <caf/local_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace procession {

namespace {

using sleeper = typed_actor<caf::result<void>(alarm_rang)>;

alarm_clock::handle::behavior_type
clock_behavior(alarm_clock::handle::pointer self, caf::actor_addr whose) {
  self->set_down_handler([=](caf::down_msg&) { self->quit(); });
  // CAF would touch one that is gone: an address alone keeps nobody.
  if (auto there = caf::actor_cast<caf::strong_actor_ptr>(whose))
    self->monitor(there);
  else
    self->quit();
  return {
    [=](alarm_wanted x) { self->delayed_send(self, x.time, alarm_rang{}); },
    [=](alarm_rang x) {
      if (auto to = caf::actor_cast<sleeper>(whose))
        self->send(to, x);
    },
  };
}

} // namespace

void alarm_clock::attach(caf::local_actor* whose) {
  whose_ = whose;
  hdl_ = whose->spawn(clock_behavior, whose->address());
}

void alarm_clock::ring_at(time_point when) {
  auto now = whose_->clock().now();
  when = std::min(when, now + longest_alarm);
  if (next_ && *next_ <= when)
    return;
  next_ = when;
  caf::anon_send(hdl_, alarm_wanted{when - now});
}

bool alarm_clock::rang() {
  if (next_ && whose_->clock().now() < *next_)
    return false;
  next_.reset();
  return true;
}

} // namespace procession
