#include "procession/platform/runtime.hpp"

#include "procession/platform/local_child.hpp"
#include "procession/platform/port_probe.hpp"
#include "procession/platform/posix/process.hpp"
#include "procession/platform/posix/runner_process.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <boost/system/system_error.hpp>

#include <chrono>
#include <future>
#include <mutex>
#include <system_error>
#include <utility>

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

[[noreturn]] void throw_failure(failure x) {
  // The exception tells it by itself.
  auto os_code = std::exchange(x.detail.os_code, 0);
  throw std::system_error{os_code, std::system_category(), to_string(x)};
}

} // namespace

runtime::impl::impl(runtime_options options) {
  auto made = posix::make_containment(options.containment, host.reactor);
  if (auto* bad = std::get_if<failure>(&made))
    throw_failure(*bad);
  host.containment = std::move(
    std::get<std::unique_ptr<posix::containment>>(made));
  kind = host.containment->kind();
}

void runtime::impl::start(const std::shared_ptr<posix::process>& x,
                          command spec, std::uint64_t credit, child_sink sink,
                          std::shared_ptr<posix::runner_start> runner) {
  std::unique_lock guard{mutex_};
  if (stopped_) {
    guard.unlock();
    sink(child_start_failed{
      {errc::runtime_stopped, {stage::admit, 0, "the runtime has ended"}}});
    return;
  }
  host.launcher.post([x, spec = std::move(spec), credit, sink = std::move(sink),
                      runner = std::move(runner),
                      asked = std::chrono::steady_clock::now()]() mutable {
    x->start(spec, credit, std::move(sink), runner.get(),
             posix::patience_left(asked));
  });
}

void runtime::impl::stop() {
  {
    std::lock_guard guard{mutex_};
    stopped_ = true;
  }
  host.watch.hurry();
  // Behind this, whatever the launcher still has at hand is started, or stuck.
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
  run_on(host.launcher, [this] {
    host.keeper.stop();
    host.containment.reset();
  });
  host.launcher.stop();
  host.reactor.stop();
  host.listeners.stop();
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
  return std::make_shared<local_factory<impl, posix::process>>(impl_);
}

std::shared_ptr<runner_port> runtime::runners() const {
  return posix::make_runner_port(impl_);
}

probe runtime::port_probe(std::uint16_t port, std::string address,
                          port_owner owner) const {
  return make_port_probe(impl_ref<impl>{impl_}, std::move(address), port,
                         owner);
}

containment_kind runtime::containment() const {
  return impl_->kind;
}

} // namespace procession
