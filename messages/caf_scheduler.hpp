#pragma once

// Schedulers for CAF 0.17.6 and for CAF 1.1 or later, like caf.hpp.

#include "procession/messages/caf.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/resumable.hpp>

#ifndef CAF_VERSION_MAJOR
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#else
#include <caf/detail/actor_system_access.hpp>
#include <caf/detail/cleanup_and_release.hpp>
#include <caf/scheduler.hpp>
#include <caf/thread_owner.hpp>
#endif

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace procession {

/// A scheduler in place of CAF's own. A derived class runs the jobs.
#ifndef CAF_VERSION_MAJOR
class custom_scheduler : public caf::scheduler::abstract_coordinator {
public:
  explicit custom_scheduler(caf::actor_system& where)
    : abstract_coordinator(where), unit_(*this) {
    // nop
  }

  /// Takes a job, which may be run by any worker. From any thread.
  virtual void schedule(caf::resumable* job) = 0;

protected:
  virtual void start_workers() = 0;

  /// Ends the workers. Jobs that are left are released by `drop`.
  virtual void stop_workers() = 0;

  std::size_t throughput() const noexcept {
    return max_throughput();
  }

  std::size_t threads() const noexcept {
    return num_workers();
  }

  /// Runs a job on the calling worker. @returns whether it goes on later.
  bool resume(caf::resumable* job) {
    if (job->resume(&unit_, throughput()) == caf::resumable::resume_later)
      return true;
    caf::intrusive_ptr_release(job);
    return false;
  }

  static void drop(caf::resumable* job) {
    cleanup_and_release(job);
  }

  /// Calls `f` as a worker's thread should.
  template <class F>
  void as_worker(F f) {
    CAF_SET_LOGGER_SYS(&system());
    system().thread_started();
    f();
    system().thread_terminates();
  }

private:
  class unit : public caf::execution_unit {
  public:
    explicit unit(custom_scheduler& owner)
      : execution_unit(&owner.system()), owner_(owner) {
      // nop
    }

    void exec_later(caf::resumable* job) override {
      owner_.schedule(job);
    }

  private:
    custom_scheduler& owner_;
  };

  void enqueue(caf::resumable* job) override {
    schedule(job);
  }

  void start() override {
    start_workers();
    clock_thread_ = std::thread{
      [this] { as_worker([this] { clock_.run_dispatch_loop(); }); }};
    abstract_coordinator::start();
  }

  void stop() override {
    stop_workers();
    stop_actors();
    clock_.cancel_dispatch_loop();
    clock_thread_.join();
  }

  caf::actor_clock& clock() noexcept override {
    return clock_;
  }

  unit unit_;
  caf::detail::thread_safe_actor_clock clock_;
  std::thread clock_thread_;
};
#else
class custom_scheduler : public caf::scheduler {
public:
  explicit custom_scheduler(caf::actor_system& where) : where_(where) {
    // nop
  }

protected:
  virtual void start_workers() = 0;
  virtual void stop_workers() = 0;

  std::size_t throughput() const noexcept {
    return caf::get_or(where_.config(), "caf.scheduler.max-throughput",
                       caf::defaults::scheduler::max_throughput);
  }

  std::size_t threads() const noexcept {
    return caf::get_or(where_.config(), caf_option::scheduler_threads,
                       std::size_t{std::thread::hardware_concurrency()});
  }

  bool resume(caf::resumable* job) {
    if (job->resume(this, throughput_) == caf::resumable::resume_later)
      return true;
    caf::intrusive_ptr_release(job);
    return false;
  }

  static void drop(caf::resumable* job) {
    caf::detail::cleanup_and_release(job);
  }

  template <class F>
  void as_worker(F f) {
    CAF_SET_LOGGER_SYS(&where_);
    where_.thread_started(caf::thread_owner::scheduler);
    f();
    where_.thread_terminates();
  }

private:
  void delay(caf::resumable* job) override {
    schedule(job);
  }

  void start() override {
    start_workers();
  }

  void stop() override {
    stop_workers();
  }

  caf::actor_system& where_;
  std::size_t throughput_ = throughput();
};
#endif

/// An actor system with a scheduler of the program's own.
class custom_actor_system : public caf::actor_system {
public:
  using scheduler_maker
    = std::function<std::unique_ptr<custom_scheduler>(caf::actor_system&)>;

  /// @param cfg outlives the system.
  /// @param make is called once, during the construction. Empty: the system has
  ///             the scheduler that `cfg` chooses.
#ifndef CAF_VERSION_MAJOR
  custom_actor_system(caf::actor_system_config& cfg, scheduler_maker make)
    : actor_system(with(cfg, std::move(make))) {
    // nop
  }

private:
  static caf::actor_system_config& with(caf::actor_system_config& cfg,
                                        scheduler_maker make) {
    if (make)
      cfg.module_factories.emplace_back(
        [make = std::move(make)](caf::actor_system& sys) {
          return make(sys).release();
        });
    return cfg;
  }
#else
  custom_actor_system(caf::actor_system_config& cfg, scheduler_maker make)
    : actor_system(cfg, &install, &make) {
    // nop
  }

private:
  static void install(caf::actor_system& sys, caf::actor_system_config&,
                      void* make) {
    auto& with = *static_cast<scheduler_maker*>(make);
    if (with)
      caf::detail::actor_system_access{sys}.scheduler(with(sys));
  }
#endif
};

} // namespace procession
