#include "procession/platform/runtime.hpp"

#include "procession/platform/common/local_child.hpp"
#include "procession/platform/common/port_probe.hpp"
#include "procession/platform/posix/process.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <boost/system/system_error.hpp>

#include <chrono>
#include <system_error>
#include <utility>

namespace procession {

runtime::impl::impl(runtime_options options) {
  auto made = posix::make_containment(options.containment, host.reactor);
  if (!made) {
    // The exception adds the system's code and text by itself.
    auto os_code = std::exchange(made.error().detail.os_code, 0);
    throw std::system_error{os_code, std::system_category(),
                            to_string(made.error())};
  }
  host.containment = std::move(*made);
  kind = host.containment->kind();
}

void runtime::impl::start(const std::shared_ptr<posix::process>& x,
                          command spec, std::uint64_t credit, child_sink sink,
                          std::shared_ptr<posix::runner_start> runner) {
  admit(std::move(sink),
        [x, spec = std::move(spec), credit, runner = std::move(runner),
         asked = std::chrono::steady_clock::now()](child_sink to) mutable {
          x->start(spec, credit, std::move(to), runner.get(),
                   posix::patience_left(asked));
        });
}

runtime::runtime(runtime_options options) {
  try {
    impl_ = std::make_shared<impl>(options);
  } catch (const boost::system::system_error& x) {
    throw std::system_error{x.code(), "the reactor could not be made"};
  }
}

runtime::~runtime() {
  impl_->stop();
}

std::shared_ptr<child_factory> runtime::local() const {
  return std::make_shared<child_maker>([owner = impl_] {
    return std::make_unique<local_child<impl, posix::process>>(owner);
  });
}

probe runtime::port_probe(std::uint16_t port, std::string address,
                          port_owner owner) const {
  return make_port_probe(impl_ref<impl>{impl_}, std::move(address), port,
                         owner);
}

containment_kind runtime::containment() const {
  return impl_->kind;
}

std::shared_ptr<loop> reactor_of(const runtime& owner) {
  return {owner.impl_, &owner.impl_->host.reactor};
}

} // namespace procession
