#include "backend.hpp"

#include "procession/actors/spawner.hpp"

namespace procession::test {

namespace {

class local : public backend {
public:
  explicit local(containment_kind kind) : backend({kind}) {
    // nop
  }

  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, here);
  }
};

class in_a_runner : public backend {
public:
  explicit in_a_runner(runner_options options) : options_(std::move(options)) {
    // nop
  }

  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, start_runner(sys, here, options_));
  }

private:
  runner_options options_;
};

} // namespace

backend_entry local_backend(const char* name, containment_kind kind) {
  return {name, [kind] { return std::make_unique<local>(kind); }};
}

backend_entry runner_backend(const char* name, runner_options options) {
  return {name, [options] { return std::make_unique<in_a_runner>(options); }};
}

} // namespace procession::test
