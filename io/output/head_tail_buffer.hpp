#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace procession {

/// The beginning and the end of what was appended since it was last emptied:
/// half of the capacity for each. What lies between is counted, not kept. It
/// takes up to one and a half times its capacity of memory, and little when
/// empty.
class head_tail_buffer {
public:
  /// What it held.
  struct content {
    std::string head;
    /// Bytes between the two. If there are none, they are one run.
    std::uint64_t omitted = 0;
    std::string tail;
  };

  /// @param capacity bytes to keep; of an odd number the tail has the greater
  ///        half.
  explicit head_tail_buffer(std::size_t capacity);

  void append(std::string_view bytes);

  /// Counts bytes that never came. As there is one omission only, what follows
  /// it is the tail.
  void lose(std::uint64_t bytes);

  /// Empties it.
  content take();

  std::string_view head() const noexcept {
    return head_;
  }

  std::string_view tail() const noexcept;

  std::uint64_t omitted() const noexcept {
    return omitted_;
  }

  /// Bytes appended and lost since it was emptied.
  std::uint64_t size() const noexcept {
    return head_.size() + omitted_ + tail().size();
  }

private:
  std::size_t head_capacity_;
  std::size_t tail_capacity_;
  std::string head_;
  /// The head takes no more.
  bool head_full_ = false;
  std::uint64_t omitted_ = 0;
  /// The tail lies behind `tail_begin_`.
  std::string tail_;
  std::size_t tail_begin_ = 0;
};

} // namespace procession
