#include "procession/actors/stdin_ledger.hpp"

#include <algorithm>
#include <utility>

namespace procession {

void stdin_ledger::accept(std::uint64_t n, promise waiting) {
  accepted_ += n;
  entries_.push_back({accepted_, n, std::move(waiting)});
}

void stdin_ledger::take(std::uint64_t n) {
  taken_ += n;
  // What was given up may be taken after all, by a descendant.
  accepted_ = std::max(accepted_, taken_);
  while (!entries_.empty() && entries_.front().end <= taken_) {
    entries_.front().waiting.deliver(entries_.front().size);
    entries_.pop_front();
  }
}

void stdin_ledger::fail(const caf::error& why) {
  accepted_ = taken_;
  for (auto& x : std::exchange(entries_, {}))
    x.waiting.deliver(why);
}

} // namespace procession
