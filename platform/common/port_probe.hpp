#pragma once

#include "procession/io/reactor/port_probe.hpp"
#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/runtime.hpp"

#include <string>
#include <utility>

namespace procession {

/// Makes a probe of a TCP port on the reactor of a platform's `runtime::impl`;
/// it finds nothing once that is gone. The platform decides whether a session
/// holds the port: `check_listener`, beside its `host`.
template <class Impl>
probe make_port_probe(impl_ref<Impl> where, std::string address,
                      std::uint16_t port, port_owner owner) {
  return [=](const session_info& who,
             std::function<void(std::optional<failure>)> done) {
    where.on_reactor([=, pid = who.pid, done = std::move(done)] {
      probe_port(where.context(), address, port, [=](const port_answer& x) {
        if (!x)
          done(x.error());
        else if (owner == port_owner::anybody)
          done(std::nullopt);
        else
          check_listener(where.get().host, pid, *x, done);
      });
    });
  };
}

} // namespace procession
