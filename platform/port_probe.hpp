#pragma once

#include "procession/io/port_probe.hpp"
#include "procession/platform/reactor_queue.hpp"

#include <string>
#include <utility>

namespace procession {

/// A probe of a TCP port on the reactor of a platform's `runtime::impl`; it
/// finds nothing any more when that is gone.
template <class Impl>
probe make_port_probe(impl_ref<Impl> where, std::string address,
                      std::uint16_t port) {
  return [=](std::function<void(std::optional<failure>)> done) {
    where.on_reactor([=, done = std::move(done)] {
      probe_port(where.context(), address, port, done);
    });
  };
}

} // namespace procession
