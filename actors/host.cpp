#include "procession/actors/host.hpp"

#include <utility>

namespace procession {

namespace {

config& configured(config& x, const host_options& options) {
  if (options.configure)
    options.configure(x);
  return x;
}

} // namespace

host::host(host_options options)
  : runtime_(options.runtime), system_(configured(config_, options), runtime_),
    spawner_(make_spawner(system_, runtime_, options.spawner)) {
  // nop
}

caf::expected<run_result> host::run(command what, shared_bytes input) const {
  return procession::run(spawner_, std::move(what), std::move(input));
}

caf::expected<spawned_process> host::spawn(command what) const {
  return spawn_process(spawner_, std::move(what));
}

} // namespace procession
