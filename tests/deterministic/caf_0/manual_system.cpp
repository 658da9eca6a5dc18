#include "../manual_system.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <utility>

namespace procession::test {

struct manual_system::impl {
  explicit impl(config& cfg)
    : system(cfg), scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(
                     system.scheduler())) {
    // nop
  }

  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
};

manual_system::manual_system(config& cfg) {
  cfg.set("scheduler.policy", caf::atom("testing"));
  impl_ = std::make_unique<impl>(cfg);
}

manual_system::~manual_system() = default;

caf::actor_system& manual_system::get() {
  return impl_->system;
}

void manual_system::run() {
  impl_->scheduler.run();
}

bool manual_system::run_any(std::minstd_rand& chance) {
  auto& jobs = impl_->scheduler.jobs;
  if (jobs.empty())
    return false;
  std::swap(jobs.front(), jobs[chance() % jobs.size()]);
  impl_->scheduler.run_once();
  return true;
}

void manual_system::advance(caf::timespan by) {
  impl_->scheduler.advance_time(by);
}

bool manual_system::waits() const {
  return impl_->scheduler.clock().has_pending_timeout();
}

} // namespace procession::test
