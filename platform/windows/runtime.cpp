#include "procession/platform/runtime.hpp"

#include "procession/platform/common/local_child.hpp"
#include "procession/platform/common/port_probe.hpp"
#include "procession/platform/windows/runtime_impl.hpp"

#include <system_error>
#include <utility>

namespace procession {

runtime::impl::impl(runtime_options options) {
  if (options.containment != containment_kind::unknown
      && options.containment != containment_kind::job)
    throw std::system_error{ERROR_NOT_SUPPORTED, std::system_category(),
                            "Windows contains processes by jobs only"};
}

void runtime::impl::start(const std::shared_ptr<windows::process>& x,
                          command spec, std::uint64_t credit, child_sink sink) {
  start(
    x, [spec = std::move(spec)] { return windows::start_process(spec); },
    credit, std::move(sink));
}

void runtime::impl::start(const std::shared_ptr<windows::process>& x,
                          windows::process::starter how, std::uint64_t credit,
                          child_sink sink) {
  admit(std::move(sink),
        [x, how = std::move(how), credit](child_sink to) mutable {
          x->start(how, credit, std::move(to));
        });
}

runtime::runtime(runtime_options options)
  : impl_(std::make_shared<impl>(options)) {
  // nop
}

runtime::~runtime() {
  impl_->stop();
}

std::shared_ptr<child_factory> runtime::local() const {
  return std::make_shared<child_maker>([owner = impl_] {
    return std::make_unique<local_child<impl, windows::process>>(owner);
  });
}

probe runtime::port_probe(std::uint16_t port, std::string address,
                          port_owner owner) const {
  return make_port_probe(impl_ref<impl>{impl_}, std::move(address), port,
                         owner);
}

containment_kind runtime::containment() const {
  return containment_kind::job;
}

std::shared_ptr<loop> reactor_of(const runtime&) {
  // Not tried yet: whether each call that a handler makes may come from any
  // thread (CancelIo, for one, ends only what its own thread began).
  return nullptr;
}

} // namespace procession
