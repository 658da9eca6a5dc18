#pragma once

#include "procession/platform/common/posting_child.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

namespace procession {

/// The actors' end of a process of this machine: every call is work for the
/// reactor, done at once if the caller is its guest. `Impl` is a platform's
/// `runtime::impl`, `Process` its process, with the functions of `child` and,
/// from any thread, `gone`.
template <class Impl, class Process>
class local_child : public posting_child<Process> {
public:
  explicit local_child(std::shared_ptr<Impl> owner)
    : owner_(std::move(owner)),
      process_(std::make_shared<Process>(owner_->host)) {
    // nop
  }

  ~local_child() override {
    if (process_->gone())
      return;
    // By way of the launcher, which may be about to start it. Moved along, as
    // the last reference must be dropped on the reactor.
    owner_->host.launcher.post(
      [x = std::move(process_), &reactor = owner_->host.reactor]() mutable {
        reactor.post([x = std::move(x)] { x->abandon(); });
      });
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    owner_->start(process_, std::move(spec), credit, std::move(sink));
  }

private:
  void post(std::function<void(Process&)> f) override {
    auto& reactor = owner_->host.reactor;
    // Not before the calls that were posted.
    if (*posted_ == 0 && reactor.try_run([&] { f(*process_); }))
      return;
    ++*posted_;
    reactor.post([x = process_, n = posted_, f = std::move(f)] {
      f(*x);
      --*n;
    });
  }

  std::shared_ptr<Impl> owner_;
  std::shared_ptr<Process> process_;
  /// The number of posted calls that were not made yet.
  std::shared_ptr<std::atomic<int>> posted_
    = std::make_shared<std::atomic<int>>(0);
};

} // namespace procession
