#include "../backend.hpp"

#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace procession::test {

namespace {

/// Sessions of this process on this machine.
class local_backend : public backend {
public:
  explicit local_backend(containment_kind kind) : runtime_({kind}) {
    // nop
  }

  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, runtime_);
  }

private:
  runtime runtime_;
};

/// Sessions of a runner.
class runner_backend : public backend {
public:
  explicit runner_backend(runner_options options)
    : options_(std::move(options)) {
    // nop
  }

  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, start_runner(sys, runtime_, options_));
  }

private:
  runtime runtime_;
  runner_options options_;
};

backend_entry runner_of(const char* name, runner_options options) {
  return {name,
          [options] { return std::make_unique<runner_backend>(options); }};
}

backend_entry local(const char* name, containment_kind kind) {
  return {name, [kind] { return std::make_unique<local_backend>(kind); }};
}

} // namespace

const std::vector<backend_entry>& backends() {
  static const auto result = [] {
    std::vector<backend_entry> all{
      local("local, best containment", containment_kind::unknown),
      local("local, contained by marker", containment_kind::marker),
      runner_of("runner", {})};
    runner_options other;
    other.user = "nobody";
    // Only root becomes somebody else.
    if (::geteuid() == 0)
      all.push_back(runner_of("runner as nobody", other));
    else
      std::cerr << "left out: a runner as nobody, which needs root\n";
    // One that was built with another version of CAF, say.
    runner_options foreign;
    if (auto* path = std::getenv("PROCESSION_OTHER_RUNNER")) {
      foreign.program = path;
      all.push_back(runner_of("runner of another build", foreign));
    }
    return all;
  }();
  return result;
}

} // namespace procession::test
