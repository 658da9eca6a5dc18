#include "procession/platform/runtime.hpp"

#include "procession/platform/posix/process.hpp"
#include "procession/platform/posix/runner_process.hpp"
#include "procession/platform/posix/runtime_impl.hpp"

#include <future>
#include <mutex>
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

[[noreturn]] void throw_failure(const failure& x) {
  throw std::system_error{x.detail.os_code, std::system_category(),
                          to_string(x)};
}

} // namespace

runtime::impl::impl(runtime_options options) {
  auto made = posix::make_containment(options.containment, host.reactor,
                                      host.launcher);
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
                      runner = std::move(runner)]() mutable {
    x->start(spec, credit, std::move(sink), runner.get());
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
  run_on(host.launcher, [this] {
    host.keeper.reset();
    host.containment.reset();
  });
  host.launcher.stop();
  host.reactor.stop();
}

namespace posix {

void live_processes::insert(std::shared_ptr<process> x) {
  std::lock_guard guard{mutex_};
  processes_.insert(std::move(x));
}

void live_processes::erase(const std::shared_ptr<process>& x) {
  std::unique_lock guard{mutex_};
  processes_.erase(x);
  check(std::move(guard));
}

std::vector<std::shared_ptr<process>> live_processes::all() const {
  std::lock_guard guard{mutex_};
  return {processes_.begin(), processes_.end()};
}

void live_processes::when_empty(std::function<void()> f) {
  std::unique_lock guard{mutex_};
  on_empty_ = std::move(f);
  check(std::move(guard));
}

void live_processes::check(std::unique_lock<std::mutex> guard) {
  if (!processes_.empty() || on_empty_ == nullptr)
    return;
  auto f = std::exchange(on_empty_, nullptr);
  guard.unlock();
  f();
}

} // namespace posix

namespace {

/// The actors' end of a process: every call is work for the reactor.
class local_child : public child {
public:
  explicit local_child(std::shared_ptr<runtime::impl> owner)
    : owner_(std::move(owner)),
      process_(std::make_shared<posix::process>(owner_->host)) {
    // nop
  }

  ~local_child() override {
    if (process_->gone())
      return;
    // By way of the launcher, which may be about to start it. Moved along: the
    // last reference must go on the reactor.
    owner_->host.launcher.post(
      [x = std::move(process_), &reactor = owner_->host.reactor]() mutable {
        reactor.post([x = std::move(x)] { x->abandon(); });
      });
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    owner_->start(process_, std::move(spec), credit, std::move(sink));
  }

  void grant(std::uint64_t bytes) override {
    call([bytes](auto& x) { x.grant(bytes); });
  }

  void write(shared_bytes bytes) override {
    call([bytes = std::move(bytes)](auto& x) mutable {
      x.write(std::move(bytes));
    });
  }

  void close_stdin() override {
    call([](auto& x) { x.close_stdin(); });
  }

  void resize(std::uint64_t request, terminal_size size) override {
    call([=](auto& x) { x.resize(request, size); });
  }

  void signal(std::uint64_t request, signal_name name) override {
    call([=](auto& x) { x.signal(request, name); });
  }

  void terminate() override {
    call([](auto& x) { x.terminate(); });
  }

  void kill() override {
    call([](auto& x) { x.kill(); });
  }

  void finish() override {
    call([](auto& x) { x.finish(); });
  }

private:
  template <class F>
  void call(F f) {
    owner_->host.reactor.post(
      [x = process_, f = std::move(f)]() mutable { f(*x); });
  }

  std::shared_ptr<runtime::impl> owner_;
  std::shared_ptr<posix::process> process_;
};

class local_factory : public child_factory {
public:
  explicit local_factory(std::shared_ptr<runtime::impl> owner)
    : owner_(std::move(owner)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return std::make_unique<local_child>(owner_);
  }

private:
  std::shared_ptr<runtime::impl> owner_;
};

} // namespace

runtime::runtime(runtime_options options)
  : impl_(std::make_shared<impl>(options)) {
  // nop
}

runtime::~runtime() {
  impl_->stop();
}

std::shared_ptr<child_factory> runtime::local() const {
  return std::make_shared<local_factory>(impl_);
}

std::shared_ptr<runner_port> runtime::runners() const {
  return posix::make_runner_port(impl_);
}

containment_kind runtime::containment() const {
  return impl_->kind;
}

} // namespace procession
