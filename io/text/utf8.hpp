#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Text for those who cannot take just any bytes. A byte that is no part of a
/// character (RFC 3629: overlong forms and surrogates are none) is shown as
/// U+FFFD, each by one of its own, so that the bytes can still be counted.
namespace procession::utf8 {

/// What a text begins with.
struct piece {
  enum class kind {
    character,
    /// The beginning of a character, of which the rest is missing.
    incomplete,
    /// One byte that begins no character.
    invalid,
  };
  kind what = kind::invalid;
  /// In bytes; 1 if it is no character.
  std::size_t size = 1;
};

/// What `text`, which is not empty, begins with.
piece first_piece(std::string_view text) noexcept;

/// How many bytes at the end of `text` begin a character that is not complete:
/// 0 to 3.
std::size_t incomplete_tail(std::string_view text) noexcept;

/// How many bytes at the beginning of `text` may be the rest of a character:
/// 0 to 3.
std::size_t continuation_head(std::string_view text) noexcept;

/// Text that anybody can take.
struct sound_text {
  std::string text;
  /// Bytes that it stands for.
  std::uint64_t bytes = 0;
  /// How many of them are shown as U+FFFD.
  std::uint64_t invalid = 0;
};

/// As much of the beginning of `text` as makes no more than `limit` bytes.
sound_text take_front(std::string_view text, std::uint64_t limit);

/// As much of the end of `text` as makes no more than `limit` bytes.
sound_text take_back(std::string_view text, std::uint64_t limit);

/// How many bytes all of `text` makes.
std::uint64_t sound_size(std::string_view text) noexcept;

} // namespace procession::utf8
