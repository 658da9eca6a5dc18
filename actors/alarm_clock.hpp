#pragma once

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>

namespace procession {

/// The time has come.
struct alarm {
  /// As it was asked for.
  std::uint64_t number = 0;
};

/// After so long, an `alarm` is wanted.
struct alarm_request {
  caf::timespan after{};
  std::uint64_t number = 0;
};

} // namespace procession

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::alarm)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::alarm_request)

namespace procession {

/// Waits for another actor. A delayed message keeps its receiver alive, which
/// will not do for one that has to go when its last user does.
using alarm_clock
  = caf::typed_actor<caf::reacts_to<alarm_request>, caf::reacts_to<alarm>>;

/// Its behavior.
/// @param whose reacts to `alarm`; the clock ends with it.
alarm_clock::behavior_type alarm_clock_behavior(alarm_clock::pointer self,
                                                caf::actor_addr whose);

} // namespace procession
