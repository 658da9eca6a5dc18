#pragma once

#include "procession/actors/runner_node.hpp"
#include "procession/messages/session.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace procession::test {

/// A place where sessions run. The suite is written once and runs over every
/// backend: to a subscriber none differs from another.
class backend {
public:
  backend() = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  /// Called after the actor system is gone.
  virtual ~backend() = default;

  /// Makes the spawner under test.
  virtual spawner start(caf::actor_system& sys) = 0;
};

/// A backend by name, made anew for each test.
struct backend_entry {
  std::string name;
  std::function<std::unique_ptr<backend>()> make;
};

/// Sessions of this process on this machine.
backend_entry local_backend(const char* name,
                            containment_kind kind = containment_kind::unknown);

/// Sessions of a runner.
backend_entry runner_backend(const char* name, runner_options options = {});

/// All the backends that this machine can show.
const std::vector<backend_entry>& backends();

} // namespace procession::test
