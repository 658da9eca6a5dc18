#include "procession/io/output/head_tail_buffer.hpp"

#include <algorithm>
#include <utility>

namespace procession {

head_tail_buffer::head_tail_buffer(std::size_t capacity)
  : head_capacity_(capacity / 2), tail_capacity_(capacity - capacity / 2) {
  // nop
}

void head_tail_buffer::append(std::string_view bytes) {
  if (!head_full_) {
    auto n = std::min(bytes.size(), head_capacity_ - head_.size());
    head_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    head_full_ = head_.size() == head_capacity_;
  }
  if (bytes.size() > tail_capacity_) {
    auto excess = bytes.size() - tail_capacity_;
    omitted_ += tail().size() + excess;
    tail_.clear();
    tail_begin_ = 0;
    bytes.remove_prefix(excess);
  }
  tail_ += bytes;
  if (auto kept = tail().size(); kept > tail_capacity_) {
    omitted_ += kept - tail_capacity_;
    tail_begin_ += kept - tail_capacity_;
  }
  // Only now and then, so that each byte is moved at most once.
  if (tail_begin_ > tail_capacity_) {
    tail_.erase(0, tail_begin_);
    tail_begin_ = 0;
  }
}

void head_tail_buffer::lose(std::uint64_t bytes) {
  head_full_ = true;
  omitted_ += tail().size() + bytes;
  tail_.clear();
  tail_begin_ = 0;
}

head_tail_buffer::content head_tail_buffer::take() {
  tail_.erase(0, tail_begin_);
  tail_begin_ = 0;
  head_full_ = false;
  return {std::exchange(head_, {}), std::exchange(omitted_, 0),
          std::exchange(tail_, {})};
}

std::string_view head_tail_buffer::tail() const noexcept {
  return std::string_view{tail_}.substr(tail_begin_);
}

} // namespace procession
