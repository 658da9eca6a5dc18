#include "procession/actors/session/pending_writes.hpp"

#include <algorithm>
#include <utility>

namespace procession {

void pending_writes::accept(std::uint64_t n, promise waiting) {
  accepted_ += n;
  entries_.push_back({accepted_, n, std::move(waiting), {}});
}

void pending_writes::take(std::uint64_t n) {
  taken_ += n;
  settle(n);
}

void pending_writes::refuse(std::uint64_t n, const caf::error& why) {
  for (auto& x : entries_) {
    if (x.end - x.size >= settled_ + n)
      break;
    x.refused = why;
  }
  settle(n);
}

void pending_writes::settle(std::uint64_t n) {
  settled_ += n;
  // A descendant may still take bytes whose writes have failed.
  accepted_ = std::max(accepted_, settled_);
  while (!entries_.empty() && entries_.front().end <= settled_) {
    auto& x = entries_.front();
    if (x.refused)
      x.waiting.deliver(std::move(x.refused));
    else
      x.waiting.deliver(x.size);
    entries_.pop_front();
  }
}

void pending_writes::fail(const caf::error& why) {
  accepted_ = settled_;
  for (auto& x : std::exchange(entries_, {}))
    x.waiting.deliver(why);
}

} // namespace procession
