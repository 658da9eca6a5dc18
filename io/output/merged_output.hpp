#pragma once

#include "procession/io/output/head_tail_buffer.hpp"
#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace procession {

/// Output as a text that fits a budget.
struct excerpt {
  /// Valid UTF-8.
  std::string head;
  /// Bytes of the output between head and tail; none: the head is all there is.
  std::uint64_t omitted = 0;
  /// Valid UTF-8.
  std::string tail;
  /// Bytes in head and tail that are no UTF-8; each is shown as U+FFFD.
  std::uint64_t invalid = 0;
  /// Bytes that each stream brought: what head and tail stand for, and omitted.
  cursor bytes;
};

/// The output of a session that nobody has read: both streams in the order of
/// arrival, the beginning and the end of it, every byte counted. A character
/// that comes in two chunks stays whole, whatever the other stream says between
/// them; its beginning waits here for the rest.
class merged_output {
public:
  /// @param capacity bytes kept.
  explicit merged_output(std::size_t capacity) : kept_(capacity) {
    // nop
  }

  void append(stream_kind stream, std::string_view bytes);

  /// Counts bytes that are missing.
  void lose(stream_kind stream, std::uint64_t bytes);

  /// The streams have ended: what waits for its rest will not get it.
  void end();

  /// Empties it.
  /// @param budget bytes of text, head and tail together.
  excerpt take(std::uint64_t budget);

  /// What is kept, as it is.
  const head_tail_buffer& kept() const noexcept {
    return kept_;
  }

private:
  void append_whole(stream_kind stream, std::string_view bytes);

  head_tail_buffer kept_;
  /// The beginning of a character, of each stream.
  std::string begun_[2];
  cursor bytes_;
};

} // namespace procession
