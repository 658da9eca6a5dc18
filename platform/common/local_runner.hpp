#pragma once

#include "procession/platform/child.hpp"
#include "procession/platform/common/reactor_executor.hpp"
#include "procession/platform/common/runner_port.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace procession {

/// One runner of this machine, from the request to its end: the half of the
/// launch that is the same on every platform. `Launch` is the platform's half,
/// `Impl` its `runtime::impl`, `Process` its process. On the reactor, unless
/// stated otherwise.
template <class Launch, class Impl, class Process>
class runner_launch : public std::enable_shared_from_this<Launch> {
public:
  runner_launch(impl_ref<Impl> where, runner_options options, std::string nonce)
    : where_(std::move(where)), options_(std::move(options)),
      nonce_(std::move(nonce)) {
    // nop
  }

  virtual ~runner_launch() = default;

  void tell_to(runner_process::sink x) {
    sink_ = std::move(x);
  }

  /// Starts it.
  virtual void begin() = 0;

  /// Kills its whole tree. By way of the launcher, which may be about to start
  /// it.
  virtual void kill() {
    where_.on_launcher([self = this->shared_from_this()] {
      self->where_.on_reactor([self] {
        if (self->process_ != nullptr)
          self->process_->stop();
      });
    });
  }

protected:
  /// The most unread output of a runner's standard error.
  static constexpr std::uint64_t log_credit = 16 * 1024;

  virtual void on_start_failed(failure why) = 0;
  virtual void on_started(std::int64_t pid) = 0;
  virtual void on_exited(const exit_status& status) = 0;
  virtual void on_finished() {
    // nop
  }

  void tell(runner_event x) {
    if (sink_)
      sink_(std::move(x));
  }

  /// Returns the sink of the process. It outlives neither of us: the process
  /// drops it at its end.
  child_sink events() {
    return [self = this->shared_from_this()](child_event x) {
      self->where_.on_reactor(
        [self, x = std::move(x)]() mutable { self->on_event(x); });
    };
  }

  impl_ref<Impl> where_;
  runner_options options_;
  std::string nonce_;
  /// Null before the start and after the end.
  std::shared_ptr<Process> process_;

private:
  void on_event(child_event& x) {
    if (auto* failed = std::get_if<child_start_failed>(&x)) {
      process_.reset();
      on_start_failed(std::move(failed->why));
    } else if (auto* started = std::get_if<child_started>(&x)) {
      tell(runner_launched{started->pid});
      on_started(started->pid);
    } else if (auto* said = std::get_if<child_output>(&x)) {
      tell(runner_said{std::string{said->bytes.text()}});
      process_->grant(said->bytes.size());
    } else if (auto* exited = std::get_if<child_exited>(&x)) {
      on_exited(exited->status);
    } else if (std::holds_alternative<child_finished>(x)) {
      process_.reset();
      on_finished();
      tell(runner_gone{});
    }
  }

  runner_process::sink sink_;
};

/// A runner of this machine.
template <class Launch>
class local_runner : public runner_process {
public:
  explicit local_runner(std::shared_ptr<Launch> launch)
    : launch_(std::move(launch)) {
    // nop
  }

  ~local_runner() override {
    launch_->tell_to(nullptr);
    launch_->kill();
  }

  void start(sink to) override {
    launch_->tell_to(std::move(to));
    launch_->begin();
  }

  void kill() override {
    launch_->kill();
  }

private:
  std::shared_ptr<Launch> launch_;
};

/// Makes runners of this machine.
template <class Launch, class Impl>
class local_runner_port : public runner_port {
public:
  explicit local_runner_port(impl_ref<Impl> where) : where_(std::move(where)) {
    // nop
  }

  std::shared_ptr<executor> work() override {
    return std::make_shared<reactor_executor<Impl>>(where_);
  }

  std::unique_ptr<runner_process> make_process(const runner_options& options,
                                               std::string nonce) override {
    return std::make_unique<local_runner<Launch>>(
      std::make_shared<Launch>(where_, options, std::move(nonce)));
  }

  std::string make_nonce() override {
    return Launch::make_nonce();
  }

private:
  impl_ref<Impl> where_;
};

} // namespace procession
