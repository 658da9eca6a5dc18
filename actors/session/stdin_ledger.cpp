#include "procession/actors/session/stdin_ledger.hpp"

#include <algorithm>
#include <utility>

namespace procession {

void stdin_ledger::accept(std::uint64_t n, promise waiting) {
  accepted_ += n;
  entries_.push_back({accepted_, n, std::move(waiting), {}});
}

void stdin_ledger::take(std::uint64_t n) {
  taken_ += n;
  settle(n);
}

void stdin_ledger::refuse(std::uint64_t n, const caf::error& why) {
  for (auto& x : entries_) {
    if (x.end - x.size >= settled_ + n)
      break;
    x.refused = why;
  }
  settle(n);
}

void stdin_ledger::settle(std::uint64_t n) {
  settled_ += n;
  // What was given up may be taken after all, by a descendant.
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

void stdin_ledger::fail(const caf::error& why) {
  accepted_ = settled_;
  for (auto& x : std::exchange(entries_, {}))
    x.waiting.deliver(why);
}

} // namespace procession
