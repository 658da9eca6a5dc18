#pragma once

#include <algorithm>
#include <cstdint>

namespace procession {

/// A sender's side of a byte window: how many bytes may be on their way, and
/// how many are.
class send_window {
public:
  explicit send_window(std::uint64_t size) noexcept : size_(size) {
    // nop
  }

  /// Bytes that may be sent now.
  std::uint64_t available() const noexcept {
    return size_ - in_flight_;
  }

  /// Notes that `n` bytes were sent. @pre `n <= available()`
  void sent(std::uint64_t n) noexcept {
    in_flight_ += n;
  }

  /// Notes that the receiver is done with `n` bytes. More than are on their
  /// way cannot open the window further than its size.
  void acknowledged(std::uint64_t n) noexcept {
    in_flight_ -= std::min(n, in_flight_);
  }

private:
  std::uint64_t size_;
  std::uint64_t in_flight_ = 0;
};

/// A receiver's side of a byte window: collects what it is done with and says
/// when it is enough to be worth a message.
class receive_window {
public:
  /// @param size what the sender was granted at first.
  explicit receive_window(std::uint64_t size) noexcept : size_(size) {
    // nop
  }

  std::uint64_t size() const noexcept {
    return size_;
  }

  /// Notes that `n` bytes were consumed.
  void consumed(std::uint64_t n) noexcept {
    owed_ += n;
  }

  /// What to grant the sender now: all that is owed, but no more than lets it
  /// send `limit` bytes. Nothing if that is not worth a message, less than a
  /// quarter of what the sender may have at all.
  std::uint64_t grant(std::uint64_t limit = UINT64_MAX) noexcept {
    auto under_way = size_ - owed_;
    auto result = std::min(owed_, limit - std::min(limit, under_way));
    if (result == 0 || result < std::min(size_, limit) / 4)
      return 0;
    owed_ -= result;
    return result;
  }

private:
  std::uint64_t size_;
  std::uint64_t owed_ = 0;
};

} // namespace procession
