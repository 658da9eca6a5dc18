#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

/// The bytes that go through the sessions of the soak: 8-byte little-endian
/// counters whose upper half is a seed, so that each byte follows from the seed
/// of its stream and its offset, and bytes of another stream or place are never
/// mistaken for the right ones.
namespace procession::soak {

/// Returns the counter at byte `offset`, which is a multiple of 8.
constexpr std::uint64_t counter_at(std::uint32_t seed, std::uint64_t offset) {
  return (std::uint64_t{seed} << 32) + offset / 8;
}

/// Returns the byte at `offset` of a stream.
constexpr std::byte byte_at(std::uint32_t seed, std::uint64_t offset) {
  return std::byte(counter_at(seed, offset) >> offset % 8 * 8 & 0xff);
}

/// Writes the bytes from `offset` on into all of `to`.
inline void fill(std::span<std::byte> to, std::uint32_t seed,
                 std::uint64_t offset) {
  std::size_t i = 0;
  for (; i < to.size() && (offset + i) % 8 != 0; ++i)
    to[i] = byte_at(seed, offset + i);
  for (; i + 8 <= to.size(); i += 8) {
    auto value = counter_at(seed, offset + i);
    std::memcpy(to.data() + i, &value, 8);
  }
  for (; i < to.size(); ++i)
    to[i] = byte_at(seed, offset + i);
}

/// Returns the offset of the first byte that differs from the pattern; `offset`
/// is that of the first of `bytes`.
inline std::optional<std::uint64_t>
first_wrong(std::span<const std::byte> bytes, std::uint32_t seed,
            std::uint64_t offset) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    if ((offset + i) % 8 == 0 && i + 8 <= bytes.size()) {
      auto value = counter_at(seed, offset + i);
      if (std::memcmp(bytes.data() + i, &value, 8) == 0) {
        i += 8;
        continue;
      }
    }
    if (bytes[i] != byte_at(seed, offset + i))
      return offset + i;
    ++i;
  }
  return std::nullopt;
}

} // namespace procession::soak
