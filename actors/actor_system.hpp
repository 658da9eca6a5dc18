#pragma once

#include "procession/messages/caf_scheduler.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/actor_system_config.hpp>

namespace procession {

/// An actor system whose workers also do the work of a runtime's reactor: an
/// event of a process goes from the kernel to the actors that it concerns
/// without a hand-over between threads (on Windows its scheduler is CAF's for
/// now). Otherwise like `caf::actor_system`, with which sessions work, too, but
/// an echo takes about twice as long.
///
///     procession::runtime rt;
///     procession::config cfg;
///     procession::actor_system sys{cfg, rt};
class actor_system : public custom_actor_system {
public:
  /// @param cfg outlives the system. Of its scheduler options, the number of
  ///            workers and their throughput count.
  /// @param rt outlives the system.
  actor_system(caf::actor_system_config& cfg, const runtime& rt);
};

} // namespace procession
