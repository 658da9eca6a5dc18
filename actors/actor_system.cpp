#include "procession/actors/actor_system.hpp"

#include "procession/actors/common/reactor_scheduler.hpp"

#include <memory>

namespace procession {

actor_system::actor_system(caf::actor_system_config& cfg, const runtime& rt)
  : custom_actor_system(cfg, [&rt](caf::actor_system& self) {
      return std::make_unique<reactor_scheduler>(self, reactor_of(rt));
    }) {
  // nop
}

} // namespace procession
