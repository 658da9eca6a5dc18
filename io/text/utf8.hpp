#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Conversion of arbitrary bytes to valid UTF-8. Each byte that is not part of
/// a character (RFC 3629, so overlong forms and surrogates are not) is shown as
/// its own U+FFFD, so that the bytes can still be counted.
namespace procession::utf8 {

/// The beginning of a text.
struct piece {
  enum class kind {
    character,
    /// The beginning of a character whose rest is missing.
    incomplete,
    /// A byte that does not begin a character.
    invalid,
  };
  kind what = kind::invalid;
  /// In bytes; 1 unless it is a character.
  std::size_t size = 1;
};

/// Returns the first piece of `text`, which must not be empty.
piece first_piece(std::string_view text) noexcept;

/// Returns how many bytes at the end of `text` begin an incomplete character: 0
/// to 3.
std::size_t incomplete_tail(std::string_view text) noexcept;

/// Returns how many bytes at the beginning of `text` may be the rest of a
/// character: 0 to 3.
std::size_t continuation_head(std::string_view text) noexcept;

/// Valid UTF-8.
struct sound_text {
  std::string text;
  /// Bytes of the source that it stands for.
  std::uint64_t bytes = 0;
  /// How many of them are shown as U+FFFD.
  std::uint64_t invalid = 0;
};

/// Converts as much of the beginning of `text` as fits into `limit` bytes.
sound_text take_front(std::string_view text, std::uint64_t limit);

/// Converts as much of the end of `text` as fits into `limit` bytes.
sound_text take_back(std::string_view text, std::uint64_t limit);

/// Returns the size of `text` after conversion, in bytes.
std::uint64_t sound_size(std::string_view text) noexcept;

} // namespace procession::utf8
