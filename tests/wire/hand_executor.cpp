#include "hand_executor.hpp"

#include <algorithm>

namespace procession::test {

class hand_executor::hand_timer : public timer {
public:
  hand_timer(std::shared_ptr<timers> all, std::function<void()> f)
    : all_(std::move(all)), f_(std::move(f)) {
    // nop
  }

  ~hand_timer() override {
    take_back();
  }

  void set(time_point when) override {
    take_back();
    at_ = {when, ++all_->last};
    all_->set.emplace(at_, this);
    set_ = true;
  }

  /// Returns the function to be called and unsets it.
  std::function<void()> fire() {
    take_back();
    // A copy: it may destroy this.
    return f_;
  }

private:
  void take_back() {
    if (std::exchange(set_, false))
      all_->set.erase(at_);
  }

  std::shared_ptr<timers> all_;
  std::function<void()> f_;
  std::pair<time_point, std::uint64_t> at_;
  bool set_ = false;
};

// Not at the epoch, so that a time of zero has no special meaning.
hand_executor::hand_executor()
  : now_(std::chrono::hours{1}), timers_(std::make_shared<timers>()) {
  // nop
}

void hand_executor::post(std::function<void()> f) {
  posted_.push_back(std::move(f));
}

std::unique_ptr<timer> hand_executor::make_timer(std::function<void()> f) {
  return std::make_unique<hand_timer>(timers_, std::move(f));
}

bool hand_executor::run_one() {
  if (posted_.empty())
    return false;
  auto f = std::move(posted_.front());
  posted_.pop_front();
  f();
  return true;
}

std::size_t hand_executor::run() {
  std::size_t result = 0;
  while (run_one())
    ++result;
  return result;
}

void hand_executor::advance(duration by) {
  run();
  auto until = now_ + by;
  while (next_wake_up() <= until) {
    // A wake-up in the past comes at once.
    now_ = std::max(now_, next_wake_up());
    timers_->set.begin()->second->fire()();
    run();
  }
  now_ = until;
}

void hand_executor::oversleep(duration by) {
  now_ += by;
  advance(duration::zero());
}

hand_executor::time_point hand_executor::next_wake_up() const {
  return timers_->set.empty() ? time_point::max()
                              : timers_->set.begin()->first.first;
}

} // namespace procession::test
