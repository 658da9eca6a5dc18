#pragma once

#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>

namespace procession {

/// Who waits for which of the input bytes to be taken by the child's side.
class stdin_ledger {
public:
  using promise = caf::typed_response_promise<std::uint64_t>;

  /// Bytes that were accepted and not taken yet.
  std::uint64_t queued() const noexcept {
    return accepted_ - taken_;
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

  /// Nothing more will be taken: answers everybody with `why`.
  void fail(const caf::error& why);

private:
  struct entry {
    /// Bytes accepted up to and with this write.
    std::uint64_t end;
    std::uint64_t size;
    promise waiting;
  };

  std::uint64_t accepted_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<entry> entries_;
};

} // namespace procession
