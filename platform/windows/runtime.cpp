#include "procession/platform/runtime.hpp"

#include "procession/platform/local_child.hpp"
#include "procession/platform/port_probe.hpp"
#include "procession/platform/win_elevated/runner_process.hpp"
#include "procession/platform/windows/runtime_impl.hpp"

#include <future>
#include <system_error>

namespace procession {

namespace {

/// Longer than the time that ending a tree may take.
constexpr auto stop_deadline = std::chrono::seconds{5};

template <class F>
void run_on(loop& where, F f) {
  std::promise<void> done;
  where.post([&] {
    f();
    done.set_value();
  });
  done.get_future().wait();
}

} // namespace

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
  std::unique_lock guard{mutex_};
  if (stopped_) {
    guard.unlock();
    sink(child_start_failed{
      {errc::runtime_stopped, {stage::admit, 0, "the runtime has ended"}}});
    return;
  }
  host.launcher.post(
    [x, how = std::move(how), credit, sink = std::move(sink)]() mutable {
      x->start(how, credit, std::move(sink));
    });
}

void runtime::impl::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  // Behind this, whatever the launcher still has at hand is started.
  run_on(host.launcher, [] {});
  std::promise<void> empty;
  host.reactor.post([&] {
    for (auto& x : host.live.all())
      x->stop();
    host.live.when_empty([&] { empty.set_value(); });
  });
  empty.get_future().wait_for(stop_deadline);
  run_on(host.reactor, [this] {
    host.live.when_empty(nullptr);
    for (auto& x : host.live.all()) {
      x->give_up();
      host.live.erase(x);
    }
  });
  // What follows from the last ends goes from one thread to the other.
  for (auto i = 0; i < 2; ++i) {
    run_on(host.launcher, [] {});
    run_on(host.reactor, [] {});
  }
  host.launcher.stop();
  host.reactor.stop();
}

runtime::runtime(runtime_options options)
  : impl_(std::make_shared<impl>(options)) {
  // nop
}

runtime::~runtime() {
  impl_->stop();
}

std::shared_ptr<child_factory> runtime::local() const {
  return std::make_shared<local_factory<impl, windows::process>>(impl_);
}

std::shared_ptr<runner_port> runtime::runners() const {
  return windows::make_runner_port(impl_);
}

probe runtime::port_probe(std::uint16_t port, std::string address,
                          port_owner owner) const {
  return make_port_probe(impl_ref<impl>{impl_}, std::move(address), port,
                         owner);
}

containment_kind runtime::containment() const {
  return containment_kind::job;
}

} // namespace procession
