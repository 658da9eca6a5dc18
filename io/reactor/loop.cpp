#include "procession/io/reactor/loop.hpp"

#include "procession/io/reactor/named_thread.hpp"

#include <chrono>
#include <system_error>
#include <utility>

namespace procession {

namespace {

/// The longest time for which guests may leave a loop alone.
constexpr auto tick = std::chrono::milliseconds{2};

/// After this many ticks without work the loop's own thread sleeps.
constexpr auto quiet_ticks = 50;

} // namespace

loop::loop(std::string name, std::size_t max_threads)
  : name_(std::move(name)), max_threads_(max_threads),
    context_(static_cast<int>(max_threads)), work_(context_.get_executor()) {
  threads_.reserve(max_threads_);
  spares_.reserve(max_threads_);
  // The lock holds the thread back until its number is known.
  std::lock_guard guard{mutex_};
  try {
    threads_.push_back(named_thread(name_, [this] { run(); }));
  } catch (const std::system_error& x) {
    throw std::system_error{x.code(), "no thread could be created"};
  }
  at_work_ = threads_.back().get_id();
}

loop::~loop() {
  stop();
}

bool loop::here() const {
  std::lock_guard guard{mutex_};
  return at_work_ == std::this_thread::get_id();
}

void loop::run() {
  if (max_threads_ == 1)
    return run_alone();
  while (wait_for_turn())
    context_.run_one();
}

bool loop::wait_for_turn() {
  auto self = std::this_thread::get_id();
  std::unique_lock guard{mutex_};
  if (at_work_ != self) {
    spares_.push_back(self);
    turn_.wait(guard, [&] { return stopped_ || at_work_ == self; });
  }
  return !stopped_;
}

void loop::relieve(std::thread::id stuck) {
  std::lock_guard guard{mutex_};
  if (stopped_ || at_work_ != stuck)
    return;
  if (!spares_.empty()) {
    at_work_ = spares_.back();
    spares_.pop_back();
    turn_.notify_all();
  } else if (threads_.size() < max_threads_) {
    try {
      threads_.push_back(named_thread(name_, [this] { run(); }));
      at_work_ = threads_.back().get_id();
    } catch (const std::system_error&) {
      // The work then waits for the stuck thread.
    }
  }
}

// -- lending ------------------------------------------------------------------

void loop::lend(std::function<void(bool)> on_tick) {
  {
    std::lock_guard guard{mutex_};
    on_tick_ = std::move(on_tick);
    lent_ = true;
  }
  kick();
}

void loop::take_back() {
  std::unique_lock guard{mutex_};
  lent_ = false;
  asleep_ = false;
  turn_.notify_all();
  // It may be waiting for work.
  kick();
  turn_.wait(guard, [this] { return !standing_by_; });
}

void loop::run_alone() {
  while (!stopped_) {
    if (lent_) {
      stand_by();
      continue;
    }
    // After a loan the last guest may still be at work.
    while (driven_.exchange(true, std::memory_order_acquire))
      driven_.wait(true);
    while (!lent_ && context_.run_one() > 0)
      continue;
    end_turn();
  }
}

void loop::stand_by() {
  auto last = turns_.load();
  auto quiet = 0;
  std::unique_lock guard{mutex_};
  standing_by_ = lent_;
  while (lent_ && !stopped_) {
    if (quiet < quiet_ticks) {
      turn_.wait_for(guard, tick);
    } else {
      asleep_ = true;
      turn_.wait(guard, [this] { return !asleep_ || !lent_ || stopped_; });
      quiet = 0;
    }
    if (!lent_ || stopped_)
      break;
    guard.unlock();
    auto now = turns_.load();
    auto idle = now == last;
    last = now;
    on_tick_(idle && !driven_);
    if (idle && !driven_.exchange(true, std::memory_order_acquire)) {
      // All guests have been busy for a whole tick.
      while (!wanted_ && lent_ && !context_.stopped())
        if (context_.run_one_for(tick) == 0)
          on_tick_(true);
      end_turn();
      quiet = 0;
    } else {
      quiet = idle ? quiet + 1 : 0;
    }
    guard.lock();
  }
  standing_by_ = false;
  turn_.notify_all();
}

void loop::end_turn() {
  driven_.store(false, std::memory_order_release);
  driven_.notify_one();
}

bool loop::drive() {
  if (driven_.exchange(true, std::memory_order_acquire)) {
    wanted_ = true;
    kick();
    while (driven_.exchange(true, std::memory_order_acquire))
      driven_.wait(true);
    wanted_ = false;
  }
  if (!kicked_)
    context_.run_one();
  kicked_ = false;
  turns_.fetch_add(1, std::memory_order_relaxed);
  end_turn();
  stay_awake();
  return !stopped_;
}

void loop::stay_awake() {
  if (asleep_ && asleep_.exchange(false)) {
    // Under the lock, so that the thread is not just about to wait.
    std::lock_guard guard{mutex_};
    turn_.notify_all();
  }
}

void loop::poll() {
  if (driven_.exchange(true, std::memory_order_acquire))
    return;
  context_.poll();
  turns_.fetch_add(1, std::memory_order_relaxed);
  end_turn();
}

void loop::stop() {
  {
    std::lock_guard guard{mutex_};
    if (stopped_.exchange(true))
      return;
  }
  turn_.notify_all();
  work_.reset();
  context_.stop();
  for (auto& thread : threads_)
    thread.join();
}

} // namespace procession
