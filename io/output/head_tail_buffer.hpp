#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace procession {

/// Keeps the beginning and the end of the bytes appended since it was last
/// emptied, each in half of the capacity. It counts the bytes between them. It
/// uses up to one and a half times its capacity of memory, and little when
/// empty.
class head_tail_buffer {
public:
  /// The content of the buffer.
  struct content {
    std::string head;
    /// Bytes between the two. If it is 0, head and tail are contiguous.
    std::uint64_t omitted = 0;
    std::string tail;
  };

  /// @param capacity bytes to keep; if it is odd, the tail gets the larger
  ///                 half.
  explicit head_tail_buffer(std::size_t capacity);

  void append(std::string_view bytes);

  /// Counts bytes that never arrived. There is only one omission, so later
  /// bytes go to the tail.
  void lose(std::uint64_t bytes);

  /// Returns the content and empties the buffer.
  content take();

  std::string_view tail() const noexcept;

  std::uint64_t omitted() const noexcept {
    return omitted_;
  }

  /// Returns the bytes appended and lost since it was last emptied.
  std::uint64_t size() const noexcept {
    return head_.size() + omitted_ + tail().size();
  }

private:
  std::size_t head_capacity_;
  std::size_t tail_capacity_;
  std::string head_;
  /// Whether the head accepts no more bytes.
  bool head_full_ = false;
  std::uint64_t omitted_ = 0;
  /// The tail begins at `tail_begin_`.
  std::string tail_;
  std::size_t tail_begin_ = 0;
};

} // namespace procession
