#pragma once

#include "procession/messages/fwd.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace procession {

/// An immutable run of bytes that shares its memory: a copy copies only a
/// pointer, and every slice of a block keeps that block alive. Messages carry
/// their payload in it, so a chunk that was read once from a child reaches
/// every subscriber without another copy; only serialisation copies.
///
/// Any thread may read it; the bytes of a slice never change.
class shared_bytes {
public:
  /// Creates an empty run.
  shared_bytes() noexcept = default;

  /// Takes over the characters of `text`; one allocation, no copy.
  shared_bytes(std::string text);

  /// Copies the characters of `text`.
  shared_bytes(std::string_view text);

  /// Copies the characters of the literal or C string `text`.
  shared_bytes(const char* text);

  /// Refers to `size` bytes at `data` for as long as `owner` lives.
  /// @param owner keeps `data` valid; shared by all slices.
  shared_bytes(std::shared_ptr<const void> owner, const std::byte* data,
               std::size_t size) noexcept;

  /// Returns the first byte; valid while this or another slice of the block
  /// lives.
  const std::byte* data() const noexcept {
    return data_;
  }

  /// Returns the size in bytes.
  std::size_t size() const noexcept {
    return size_;
  }

  /// Whether there are no bytes.
  bool empty() const noexcept {
    return size_ == 0;
  }

  /// Returns the bytes.
  std::span<const std::byte> span() const noexcept {
    return {data_, size_};
  }

  /// Returns the same bytes as characters, undecoded.
  std::string_view text() const noexcept;

  /// Returns the first `n` bytes (all of them if there are fewer); shares the
  /// memory.
  shared_bytes first(std::size_t n) const noexcept;

  /// Returns all but the first `n` bytes; shares the memory.
  shared_bytes from(std::size_t n) const noexcept;

  /// Extends this slice by `next` if `next` lies directly after it in the same
  /// block. Copies nothing.
  /// @returns whether the two were joined.
  bool join(const shared_bytes& next) noexcept;

private:
  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Compares contents.
bool operator==(const shared_bytes& x, const shared_bytes& y) noexcept;

/// Returns the number of bytes, not the bytes: a log line stays a line.
std::string to_string(const shared_bytes& x);

/// @relates shared_bytes
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, shared_bytes& x) {
  return inspect_as(
    f, x, "shared_bytes", [&x] { return std::string{x.text()}; },
    [&x](std::string text) { x = shared_bytes{std::move(text)}; });
}

} // namespace procession
