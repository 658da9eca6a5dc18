#pragma once

#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace procession {

/// The retained output of a session: both streams in order of arrival, bounded
/// in bytes. Readers keep their own position in it and share its chunks.
/// Not thread-safe; it belongs to one actor.
class output_log {
public:
  /// A reader's place.
  struct position {
    /// What the reader has had of each stream.
    cursor at;
    /// Number of the record to look at next; a hint that is never too high.
    std::uint64_t record = 0;
  };

  /// A run of bytes of one stream.
  struct run {
    stream_kind stream = stream_kind::out;
    std::uint64_t offset = 0;
    shared_bytes bytes;
  };

  /// What a reader can no longer have.
  struct loss {
    stream_kind stream = stream_kind::out;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };

  /// @param capacity bytes to retain; 0 retains nothing that was read.
  explicit output_log(std::uint64_t capacity);

  /// Adds bytes at the end of `stream`.
  void append(stream_kind stream, shared_bytes bytes);

  /// Evicts the oldest bytes until the log fits its capacity, but none at or
  /// after `floor`.
  void trim(cursor floor = {UINT64_MAX, UINT64_MAX});

  /// The first byte of each stream that is retained.
  cursor begin() const noexcept {
    return begin_;
  }

  /// One past the last byte of each stream.
  cursor end() const noexcept {
    return end_;
  }

  /// Bytes retained.
  std::uint64_t size() const noexcept {
    return size_;
  }

  /// How many more bytes fit after `trim(floor)`.
  std::uint64_t room(cursor floor) const noexcept;

  /// Whether what lies at or behind `floor` fills the log: one more byte would
  /// exceed its capacity even after `trim(floor)`.
  bool full(cursor floor) const noexcept;

  /// The position of a reader that has had everything before `at`.
  position find(cursor at) const;

  /// What was evicted before `x` read it; moves `x` past it. Call until it
  /// returns nothing: at most once a stream.
  std::optional<loss> skip_evicted(position& x) const;

  /// The next bytes for `x`, at most `max`; moves `x` past them. Nothing if
  /// `x` is at the end.
  /// @pre `max > 0`, nothing is left to skip.
  std::optional<run> next(position& x, std::uint64_t max) const;

  /// Whether `x` has had everything.
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
  /// Number of `records_.front()`; records are counted from the first ever.
  std::uint64_t first_record_ = 0;
};

} // namespace procession
