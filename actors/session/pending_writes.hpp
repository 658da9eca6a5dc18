#pragma once

#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <list>

namespace procession {

/// Writes that wait until the child's side has taken their bytes.
class pending_writes {
public:
  using promise = caf::typed_response_promise<std::uint64_t>;

  /// Returns how many bytes were accepted, and neither taken nor refused yet.
  std::uint64_t queued() const noexcept {
    return accepted_ - settled_;
  }

  /// Returns how many bytes were taken.
  std::uint64_t taken() const noexcept {
    return taken_;
  }

  /// Returns how many writes wait.
  std::size_t waiting() const noexcept {
    return entries_.size();
  }

  /// Accepts `n` more bytes; `waiting` is answered when all of them were taken.
  void accept(std::uint64_t n, promise waiting);

  /// Counts `n` more bytes as taken, in the order of the writes.
  void take(std::uint64_t n);

  /// Counts the next `n` bytes as refused. A write that contains any of them is
  /// answered with `why` once all its bytes are taken or refused.
  void refuse(std::uint64_t n, const caf::error& why);

  /// Answers all writes with `why`, as no more bytes will be taken.
  void fail(const caf::error& why);

private:
  struct entry {
    /// All bytes that were accepted up to the end of this write.
    std::uint64_t end;
    std::uint64_t size;
    promise waiting;
    /// Set if some of its bytes were refused.
    caf::error refused;
  };

  void settle(std::uint64_t n);

  std::uint64_t accepted_ = 0;
  std::uint64_t taken_ = 0;
  /// Bytes that were taken or refused.
  std::uint64_t settled_ = 0;
  /// Usually empty; an empty deque would take 512 bytes.
  std::list<entry> entries_;
};

} // namespace procession
