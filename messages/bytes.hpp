#pragma once

#include "procession/messages/fwd.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace procession {

/// An immutable run of bytes that shares its memory: copying one copies a
/// pointer, and all the slices of one block keep that block alive. Messages
/// carry their payload in it, so a chunk read once from a child reaches every
/// subscriber without another copy; only serialisation copies.
///
/// Any thread may read; a slice never changes once it was handed out.
class shared_bytes {
public:
  shared_bytes() noexcept = default;

  /// Takes over the characters of `text`; one allocation, no copy.
  shared_bytes(std::string text);

  /// Copies the characters of `text`.
  shared_bytes(std::string_view text);

  /// Copies the characters of the literal or C string `text`.
  shared_bytes(const char* text);

  /// Refers to `size` bytes at `data` for as long as `owner` lives.
  /// @param owner whatever keeps `data` valid; shared by all slices.
  shared_bytes(std::shared_ptr<const void> owner, const std::byte* data,
               std::size_t size) noexcept;

  const std::byte* data() const noexcept {
    return data_;
  }

  /// In bytes.
  std::size_t size() const noexcept {
    return size_;
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

  std::span<const std::byte> span() const noexcept {
    return {data_, size_};
  }

  /// The same bytes as characters; nothing is decoded.
  std::string_view text() const noexcept;

  /// The first `n` bytes (all of them if there are fewer), sharing the memory.
  shared_bytes first(std::size_t n) const noexcept;

  /// All but the first `n` bytes, sharing the memory.
  shared_bytes from(std::size_t n) const noexcept;

  /// Makes this slice cover `next` too if `next` lies right behind it in the
  /// same block. Nothing is copied.
  /// @returns whether the two were joined.
  bool join(const shared_bytes& next) noexcept;

private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Compares contents.
bool operator==(const shared_bytes& x, const shared_bytes& y) noexcept;

/// Tells the number of bytes, not the bytes: a log line stays a line.
std::string to_string(const shared_bytes& x);

/// @relates shared_bytes
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, shared_bytes& x) {
  return inspect_as(
    f, x, "shared_bytes", [&x] { return std::string{x.text()}; },
    [&x](std::string text) { x = shared_bytes{std::move(text)}; });
}

} // namespace procession
