#pragma once

#include <algorithm>
#include <cstdint>

namespace procession {

/// The sender's side of a byte window: how many bytes may be on their way, and
/// how many are.
class send_window {
public:
  explicit send_window(std::uint64_t size) noexcept : size_(size) {
    // nop
  }

  /// Returns how many bytes may be sent now.
  std::uint64_t available() const noexcept {
    return size_ - in_flight_;
  }

  /// Notes that `n` bytes were sent. @pre `n <= available()`
  void sent(std::uint64_t n) noexcept {
    in_flight_ += n;
  }

  /// Notes that the receiver has processed `n` bytes. An excess is ignored: the
  /// window never grows beyond its size.
  void acknowledged(std::uint64_t n) noexcept {
    in_flight_ -= std::min(n, in_flight_);
  }

private:
  std::uint64_t size_;
  std::uint64_t in_flight_ = 0;
};

/// The receiver's side of a byte window: counts processed bytes and decides
/// when a grant is worth a message.
class receive_window {
public:
  /// @param size bytes that the sender was granted at first.
  explicit receive_window(std::uint64_t size) noexcept : size_(size) {
    // nop
  }

  std::uint64_t size() const noexcept {
    return size_;
  }

  /// Notes that `n` bytes were processed.
  void consumed(std::uint64_t n) noexcept {
    owed_ += n;
  }

  /// Returns how many bytes to grant the sender now: all that were processed,
  /// but no more than let it send `limit` bytes. Returns 0 if the grant is not
  /// worth a message: below a quarter of the window, or of `limit` if that is
  /// smaller.
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
