#include "outcome.hpp"

#include <stdexcept>
#include <utility>

namespace procession::bench {

void outcome::done() {
  std::lock_guard guard{mutex_};
  if (--left_ == 0)
    changed_.notify_one();
}

void outcome::fail(std::string what) {
  std::lock_guard guard{mutex_};
  error_ = std::move(what);
  changed_.notify_one();
}

void outcome::wait() {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [this] { return left_ == 0 || !error_.empty(); });
  if (!error_.empty())
    throw std::runtime_error{error_};
}

} // namespace procession::bench
