#include "procession/io/reactor/loop.hpp"

#include <system_error>

namespace procession {

loop::loop(std::string name, std::size_t max_threads)
  : name_(std::move(name)), max_threads_(max_threads),
    context_(static_cast<int>(max_threads)), work_(context_.get_executor()) {
  threads_.reserve(max_threads_);
  spares_.reserve(max_threads_);
  // The lock holds the thread back until its number is known.
  std::lock_guard guard{mutex_};
  try {
    threads_.push_back(make_thread());
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
  if (max_threads_ == 1) {
    context_.run();
    return;
  }
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
      threads_.push_back(make_thread());
      at_work_ = threads_.back().get_id();
    } catch (const std::system_error&) {
      // The work then waits for the stuck thread.
    }
  }
}

void loop::stop() {
  {
    std::lock_guard guard{mutex_};
    if (std::exchange(stopped_, true))
      return;
  }
  turn_.notify_all();
  work_.reset();
  context_.stop();
  for (auto& thread : threads_)
    thread.join();
}

} // namespace procession
