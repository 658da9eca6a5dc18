#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace procession {

/// The retained output of a session: both streams in the order of arrival,
/// limited in bytes. Readers keep their own position in it and share its
/// chunks. Not thread-safe: it belongs to one actor.
class output_log {
public:
  /// The position of a reader.
  struct position {
    /// The end of the bytes of each stream that the reader got.
    cursor at;
    /// Number of the next record to look at; a hint that is never too high.
    std::uint64_t record = 0;
  };

  /// A run of bytes of one stream.
  struct run {
    stream_kind stream = stream_kind::out;
    std::uint64_t offset = 0;
    shared_bytes bytes;
  };

  /// Bytes that a reader can no longer get.
  struct loss {
    stream_kind stream = stream_kind::out;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };

  /// @param capacity bytes to retain; 0 retains only unread bytes.
  explicit output_log(std::uint64_t capacity);

  /// Appends bytes to `stream`.
  void append(stream_kind stream, shared_bytes bytes);

  /// Evicts the oldest bytes until the log fits its capacity, but none at or
  /// after `floor`.
  void trim(cursor floor = {UINT64_MAX, UINT64_MAX});

  /// Returns the offset of the first retained byte of each stream.
  cursor begin() const noexcept {
    return begin_;
  }

  /// Returns the offset after the last byte of each stream.
  cursor end() const noexcept {
    return end_;
  }

  /// Returns the number of retained bytes.
  std::uint64_t size() const noexcept {
    return size_;
  }

  /// Returns how many more bytes fit after `trim(floor)`.
  std::uint64_t room(cursor floor) const noexcept;

  /// Whether the output at or after `floor` fills the log: one more byte would
  /// exceed its capacity even after `trim(floor)`.
  bool full(cursor floor) const noexcept;

  /// Returns the position of a reader that got everything before `at`.
  position find(cursor at) const;

  /// Returns bytes that were evicted before `x` read them, and moves `x` past
  /// them. Call it until it returns nothing: at most once for each stream.
  std::optional<loss> skip_evicted(position& x) const;

  /// Returns the next bytes for `x`, at most `max`, and moves `x` past them;
  /// nothing if `x` is at the end.
  /// @pre `max > 0`, nothing is left to skip.
  std::optional<run> next(position& x, std::uint64_t max) const;

  /// Whether `x` got everything.
  bool at_end(const position& x) const noexcept {
    return x.at == end_;
  }

private:
  std::uint64_t max_records() const noexcept;

  std::uint64_t capacity_;
  std::uint64_t size_ = 0;
  cursor begin_;
  cursor end_;
  std::deque<run> records_;
  /// Number of `records_.front()`, counted from the first record ever.
  std::uint64_t first_record_ = 0;
};

} // namespace procession
