#pragma once

#include "procession/io/reactor/executor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace procession {

/// A reference to a platform's `runtime::impl` that may be gone. Work that
/// waits in its threads may refer to it, so must not keep it alive.
template <class Impl>
class impl_ref {
public:
  explicit impl_ref(std::weak_ptr<Impl> owner) : owner_(std::move(owner)) {
    // nop
  }

  /// Runs `f` on the reactor, or drops it.
  template <class F>
  void on_reactor(F f) const {
    if (auto owner = owner_.lock())
      owner->host.reactor.post(std::move(f));
  }

  /// Runs `f` on the launcher, or drops it.
  template <class F>
  void on_launcher(F f) const {
    if (auto owner = owner_.lock())
      owner->host.launcher.post(std::move(f));
  }

  /// Returns the runtime. On one of its threads, or while another owner holds
  /// it.
  Impl& get() const {
    return *owner_.lock();
  }

  /// Returns the reactor's context. Called like `get`.
  boost::asio::io_context& context() const {
    return get().host.reactor.context();
  }

private:
  std::weak_ptr<Impl> owner_;
};

/// A timer of the reactor.
class reactor_timer : public timer {
public:
  reactor_timer(boost::asio::io_context& where, std::function<void()> f)
    : core_(std::make_shared<core>(where, std::move(f))) {
    // nop
  }

  ~reactor_timer() override {
    core_->timer.cancel();
  }

  void set(std::chrono::steady_clock::time_point when) override {
    core_->timer.expires_at(when);
    core_->timer.async_wait(
      [weak = std::weak_ptr{core_}](const boost::system::error_code& ec) {
        if (auto self = weak.lock(); self != nullptr && !ec)
          self->f();
      });
  }

private:
  struct core {
    core(boost::asio::io_context& where, std::function<void()> g)
      : timer(where), f(std::move(g)) {
      // nop
    }

    boost::asio::steady_timer timer;
    std::function<void()> f;
  };

  std::shared_ptr<core> core_;
};

/// The reactor of a platform's `runtime::impl` as an executor.
template <class Impl>
class reactor_executor : public executor {
public:
  explicit reactor_executor(impl_ref<Impl> where) : where_(std::move(where)) {
    // nop
  }

  void post(std::function<void()> f) override {
    where_.on_reactor(std::move(f));
  }

  std::chrono::steady_clock::time_point now() override {
    return std::chrono::steady_clock::now();
  }

  std::unique_ptr<timer> make_timer(std::function<void()> f) override {
    return std::make_unique<reactor_timer>(where_.context(), std::move(f));
  }

private:
  impl_ref<Impl> where_;
};

} // namespace procession
