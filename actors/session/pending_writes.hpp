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

  /// Bytes that were accepted and not taken yet.
  std::uint64_t queued() const noexcept {
    return accepted_ - settled_;
  }

  /// Bytes that were taken.
  std::uint64_t taken() const noexcept {
    return taken_;
  }

  /// How many writes wait.
  std::size_t waiting() const noexcept {
    return entries_.size();
  }

  /// Accepts `n` more bytes; `waiting` is answered when they all were taken.
  void accept(std::uint64_t n, promise waiting);

  /// `n` more bytes were taken, first come first served.
  void take(std::uint64_t n);

  /// The next `n` bytes were refused: whoever wrote some of them is answered
  /// with `why` once all bytes of that write are taken or refused.
  void refuse(std::uint64_t n, const caf::error& why);

  /// Nothing more will be taken: answers everybody with `why`.
  void fail(const caf::error& why);

private:
  struct entry {
    /// Bytes accepted up to and with this write.
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
  /// Mostly empty; a deque would take 512 bytes for that.
  std::list<entry> entries_;
};

} // namespace procession
