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
/// backend: a subscriber sees no difference.
class backend {
public:
  explicit backend(runtime_options options = {}) : here(options) {
    // nop
  }

  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  /// Runs after the actor system is gone.
  virtual ~backend() = default;

  /// Creates the spawner under test.
  virtual spawner start(caf::actor_system& sys) = 0;

  runtime here;
};

/// A backend by name, created anew for each test.
struct backend_entry {
  std::string name;
  std::function<std::unique_ptr<backend>()> make;
};

/// Returns a backend of sessions of this process on this machine.
backend_entry local_backend(const char* name,
                            containment_kind kind = containment_kind::unknown);

/// Returns a backend of sessions in a runner.
backend_entry runner_backend(const char* name, runner_options options = {});

/// Returns all backends that work on this machine.
const std::vector<backend_entry>& backends();

} // namespace procession::test
