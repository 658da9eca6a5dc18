#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace procession {

/// The processes of a runtime that are not finished. From any thread.
template <class Process>
class live_processes {
public:
  using pointer = std::shared_ptr<Process>;

  void insert(pointer x) {
    std::lock_guard guard{mutex_};
    processes_.insert(std::move(x));
  }

  /// Removes `x`; after the last one calls the function given to `when_empty`.
  void erase(const pointer& x) {
    std::unique_lock guard{mutex_};
    processes_.erase(x);
    check(std::move(guard));
  }

  std::vector<pointer> all() const {
    std::lock_guard guard{mutex_};
    return {processes_.begin(), processes_.end()};
  }

  /// Calls `f` once no process is left, maybe at once; null cancels that.
  void when_empty(std::function<void()> f) {
    std::unique_lock guard{mutex_};
    on_empty_ = std::move(f);
    check(std::move(guard));
  }

private:
  void check(std::unique_lock<std::mutex> guard) {
    if (!processes_.empty() || on_empty_ == nullptr)
      return;
    auto f = std::exchange(on_empty_, nullptr);
    guard.unlock();
    f();
  }

  mutable std::mutex mutex_;
  std::set<pointer> processes_;
  std::function<void()> on_empty_;
};

} // namespace procession
