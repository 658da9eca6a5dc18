#include "procession/actors/common/reactor_scheduler.hpp"

#include "procession/io/reactor/named_thread.hpp"

#include <utility>

namespace procession {

namespace {

/// After this many jobs in a row a worker looks at the others' and at the
/// reactor.
constexpr std::uint64_t turn = 32;

thread_local void* this_scheduler = nullptr;
thread_local void* this_worker = nullptr;

} // namespace

reactor_scheduler::reactor_scheduler(caf::actor_system& where,
                                     std::shared_ptr<loop> reactor)
  : custom_scheduler(where), reactor_(std::move(reactor)) {
  // nop
}

reactor_scheduler::~reactor_scheduler() = default;

void reactor_scheduler::start_workers() {
  for (std::size_t i = 0; i < threads(); ++i)
    workers_.push_back(std::make_unique<worker>());
  reactor_->lend([this](bool left_alone) { on_tick(left_alone); });
  for (auto& x : workers_)
    x->thread = named_thread("pcn-worker", [this, self = x.get()] {
      as_worker([this, self] { run(*self); });
    });
}

void reactor_scheduler::stop_workers() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  more_.notify_all();
  reactor_->kick();
  for (auto& x : workers_)
    x->thread.join();
  reactor_->take_back();
  for (auto& x : workers_)
    if (auto* job = x->next.exchange(nullptr))
      drop(job);
  for (; !jobs_.empty(); jobs_.pop_front())
    drop(jobs_.front());
}

void reactor_scheduler::schedule(caf::resumable* job) {
  if (this_scheduler == this) {
    auto& self = *static_cast<worker*>(this_worker);
    caf::resumable* none = nullptr;
    if (self.next.compare_exchange_strong(none, job))
      return;
  }
  leave_to_others(job);
}

void reactor_scheduler::leave_to_others(caf::resumable* job) {
  std::unique_lock guard{mutex_};
  jobs_.push_back(job);
  waiting_jobs_ = jobs_.size();
  if (driving_ && !kicked_) {
    kicked_ = true;
    guard.unlock();
    reactor_->kick();
  } else if (sleeping_ > woken_) {
    ++woken_;
    guard.unlock();
    more_.notify_one();
  }
}

caf::resumable* reactor_scheduler::take(worker& self) {
  auto n = self.looks.fetch_add(1, std::memory_order_relaxed);
  if (n % turn == 0)
    reactor_->poll();
  else if (auto* result = self.next.exchange(nullptr))
    return result;
  if (waiting_jobs_ > 0) {
    std::lock_guard guard{mutex_};
    if (!jobs_.empty()) {
      auto* result = jobs_.front();
      jobs_.pop_front();
      waiting_jobs_ = jobs_.size();
      return result;
    }
  }
  return self.next.exchange(nullptr);
}

bool reactor_scheduler::wait() {
  std::unique_lock guard{mutex_};
  if (!jobs_.empty())
    return true;
  if (stopping_)
    return false;
  if (!driving_ && !reactor_stopped_) {
    driving_ = true;
    guard.unlock();
    auto goes_on = reactor_->drive();
    guard.lock();
    driving_ = false;
    kicked_ = false;
    reactor_stopped_ = !goes_on;
    return true;
  }
  ++sleeping_;
  more_.wait(guard, [this] { return woken_ > 0 || stopping_; });
  --sleeping_;
  if (woken_ > 0)
    --woken_;
  guard.unlock();
  reactor_->stay_awake();
  return true;
}

void reactor_scheduler::run(worker& self) {
  loop::guest here{*reactor_};
  this_scheduler = this;
  this_worker = &self;
  for (auto goes_on = true; goes_on;) {
    auto* job = take(self);
    if (job == nullptr)
      goes_on = wait();
    else if (resume(job))
      leave_to_others(job);
  }
}

void reactor_scheduler::on_tick(bool left_alone) {
  for (auto& x : workers_) {
    auto now = x->looks.load(std::memory_order_relaxed);
    if (now == std::exchange(x->looks_before, now))
      if (auto* job = x->next.exchange(nullptr))
        leave_to_others(job);
  }
  // A worker that has nothing to do can drive the reactor.
  std::lock_guard guard{mutex_};
  if (left_alone && !driving_ && !reactor_stopped_ && sleeping_ > woken_) {
    ++woken_;
    more_.notify_one();
  }
}

} // namespace procession
