#include "procession/actors/actor_system.hpp"

#include "procession/actors/common/reactor_scheduler.hpp"

#include <memory>

namespace procession {

namespace {

custom_actor_system::scheduler_maker scheduler_for(const runtime& rt) {
  auto reactor = reactor_of(rt);
  if (reactor == nullptr)
    return nullptr;
  return [reactor](caf::actor_system& self) {
    return std::make_unique<reactor_scheduler>(self, reactor);
  };
}

} // namespace

actor_system::actor_system(caf::actor_system_config& cfg, const runtime& rt)
  : custom_actor_system(cfg, scheduler_for(rt)) {
  // nop
}

} // namespace procession
