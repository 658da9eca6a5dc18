#include "procession/actors/alarm_clock.hpp"

namespace procession {

alarm_clock::behavior_type alarm_clock_behavior(alarm_clock::pointer self,
                                                caf::actor_addr whose) {
  self->monitor(whose);
  self->set_down_handler([=](caf::down_msg&) { self->quit(); });
  return {
    [=](alarm_request x) {
      self->delayed_send(self, x.after, alarm{x.number});
    },
    [=](alarm x) {
      using receiver = caf::typed_actor<caf::reacts_to<alarm>>;
      if (auto to = caf::actor_cast<receiver>(whose))
        self->send(to, x);
    },
  };
}

} // namespace procession
