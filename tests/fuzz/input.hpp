#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace procession::fuzz {

/// Reads a fuzzer's bytes as a script: from front to back, so that a change in
/// one place does not affect the part before. At the end it yields zeros.
/// (libFuzzer's own FuzzedDataProvider comes with clang only.)
class input {
public:
  input(const std::uint8_t* data, std::size_t size) noexcept
    : rest_(reinterpret_cast<const char*>(data), size) {
    // nop
  }

  bool empty() const noexcept {
    return rest_.empty();
  }

  std::uint8_t byte() noexcept {
    return static_cast<std::uint8_t>(number(1));
  }

  bool flag() noexcept {
    return (byte() & 1) != 0;
  }

  /// Reads an integer of that many bytes, little endian.
  std::uint64_t number(std::size_t bytes) noexcept {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < bytes && !rest_.empty(); ++i) {
      auto x = static_cast<std::uint8_t>(rest_.front());
      result |= static_cast<std::uint64_t>(x) << (8 * i);
      rest_.remove_prefix(1);
    }
    return result;
  }

  /// Reads a byte's choice from 0 to `n - 1`; 0 if `n` is 0.
  std::size_t below(std::size_t n) noexcept {
    return n == 0 ? 0 : byte() % n;
  }

  /// Reads the choice of one of these sizes, or any size of two bytes.
  template <std::size_t N>
  std::uint64_t one_of(const std::array<std::uint64_t, N>& sizes) noexcept {
    auto i = byte() % (N + 1);
    return i < N ? sizes[i] : number(2);
  }

  /// Reads the next `n` bytes, or as many as there are.
  std::string_view bytes(std::size_t n) noexcept {
    auto result = rest_.substr(0, std::min(n, rest_.size()));
    rest_.remove_prefix(result.size());
    return result;
  }

  std::string_view rest() noexcept {
    return bytes(rest_.size());
  }

private:
  std::string_view rest_;
};

} // namespace procession::fuzz
