#include "backend.hpp"

#include "procession/actors/spawner.hpp"

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

backend_entry local(const char* name, containment_kind kind) {
  return {name, [kind] { return std::make_unique<local_backend>(kind); }};
}

} // namespace

const std::vector<backend_entry>& backends() {
  static const std::vector<backend_entry> result{
    local("local, best containment", containment_kind::unknown),
    local("local, contained by marker", containment_kind::marker)};
  return result;
}

} // namespace procession::test
