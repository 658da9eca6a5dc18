#include "../manual_system.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/detail/actor_system_access.hpp>
#include <caf/disposable.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace procession::test {

namespace {

/// Runs scheduled actions when its time is set.
class manual_clock : public caf::actor_clock {
public:
  time_point now() const noexcept override {
    return now_;
  }

  caf::disposable schedule(time_point when, caf::action what) override {
    actions_.emplace(when, what);
    return std::move(what).as_disposable();
  }

  using caf::actor_clock::schedule;

  void advance(duration_type by) {
    now_ += by;
    while (!actions_.empty() && actions_.begin()->first <= now_) {
      auto what = actions_.extract(actions_.begin()).mapped();
      if (!what.disposed())
        what.run();
    }
  }

  bool waits() const {
    return std::any_of(actions_.begin(), actions_.end(),
                       [](auto& x) { return !x.second.disposed(); });
  }

private:
  time_point now_{duration_type{1}};
  std::multimap<time_point, caf::action> actions_;
};

/// Keeps resumables until the test runs them.
class manual_scheduler : public caf::scheduler {
public:
  void schedule(caf::resumable* x) override {
    jobs_.push_back(x);
  }

  void delay(caf::resumable* x) override {
    jobs_.push_back(x);
  }

  void start() override {
    // nop
  }

  void stop() override {
    while (!jobs_.empty())
      intrusive_ptr_release(take());
  }

  /// Runs the first one for one message. @returns false if there is none.
  bool run_once() {
    if (jobs_.empty())
      return false;
    // The caller of `schedule` holds a reference to the actor.
    auto* x = take();
    if (x->resume(this, 1) == caf::resumable::resume_later)
      jobs_.push_back(x);
    else
      intrusive_ptr_release(x);
    return true;
  }

  void make_any_first(std::minstd_rand& chance) {
    if (!jobs_.empty())
      std::swap(jobs_.front(), jobs_[chance() % jobs_.size()]);
  }

private:
  caf::resumable* take() {
    auto* result = jobs_.front();
    jobs_.pop_front();
    return result;
  }

  std::deque<caf::resumable*> jobs_;
};

} // namespace

struct manual_system::impl {
  class system_with_setup : public caf::actor_system {
  public:
    system_with_setup(procession::config& cfg, manual_system::impl* owner)
      : caf::actor_system(cfg, &set_up, owner) {
      // nop
    }
  };

  explicit impl(config& cfg) : system(cfg, this) {
    // nop
  }

  static void set_up(caf::actor_system& x, caf::actor_system_config&,
                     void* owner) {
    auto made_clock = std::make_unique<manual_clock>();
    auto made_scheduler = std::make_unique<manual_scheduler>();
    auto* self = static_cast<impl*>(owner);
    self->clock = made_clock.get();
    self->scheduler = made_scheduler.get();
    caf::detail::actor_system_access access{x};
    access.clock(std::move(made_clock));
    access.scheduler(std::move(made_scheduler));
  }

  /// Owned by the system.
  manual_clock* clock = nullptr;
  manual_scheduler* scheduler = nullptr;
  system_with_setup system;
};

manual_system::manual_system(config& cfg) : impl_(std::make_unique<impl>(cfg)) {
  // nop
}

manual_system::~manual_system() = default;

caf::actor_system& manual_system::get() {
  return impl_->system;
}

void manual_system::run() {
  while (impl_->scheduler->run_once())
    continue;
}

bool manual_system::run_any(std::minstd_rand& chance) {
  impl_->scheduler->make_any_first(chance);
  return impl_->scheduler->run_once();
}

void manual_system::advance(caf::timespan by) {
  impl_->clock->advance(by);
}

bool manual_system::waits() const {
  return impl_->clock->waits();
}

} // namespace procession::test
