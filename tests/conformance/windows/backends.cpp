#include "../backend.hpp"

#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"

namespace procession::test {

namespace {

/// Sessions of this process on this machine.
class local_backend : public backend {
public:
  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, runtime_);
  }

private:
  runtime runtime_;
};

/// Sessions of a runner, behind its named pipe.
class runner_backend : public backend {
public:
  spawner start(caf::actor_system& sys) override {
    return make_spawner(sys, start_runner(sys, runtime_, {}));
  }

private:
  runtime runtime_;
};

} // namespace

const std::vector<backend_entry>& backends() {
  static const std::vector<backend_entry> result{
    {"local", [] { return std::make_unique<local_backend>(); }},
    {"runner", [] { return std::make_unique<runner_backend>(); }}};
  return result;
}

} // namespace procession::test
