#pragma once

#include "procession/io/output/head_tail_buffer.hpp"
#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace procession {

/// Output as a text of limited size.
struct excerpt {
  /// Valid UTF-8.
  std::string head;
  /// Bytes of the output between head and tail; if it is 0, the tail is empty.
  std::uint64_t omitted = 0;
  /// Valid UTF-8.
  std::string tail;
  /// Bytes in head and tail that are not UTF-8; each is shown as U+FFFD.
  std::uint64_t invalid = 0;
  /// Bytes of each stream that this stands for, omitted ones included.
  cursor bytes;
};

/// The unread output of a session: both streams in the order of arrival. It
/// keeps the beginning and the end and counts every byte. A character that
/// comes in two chunks stays whole even if the other stream writes between
/// them; its beginning waits here for the rest.
class merged_output {
public:
  /// @param capacity bytes to keep.
  explicit merged_output(std::size_t capacity) : kept_(capacity) {
    // nop
  }

  void append(stream_kind stream, std::string_view bytes);

  /// Counts missing bytes.
  void lose(stream_kind stream, std::uint64_t bytes);

  /// Ends both streams: incomplete characters will not be completed.
  void end();

  /// Returns the output and empties the buffer.
  /// @param budget bytes of text, head and tail together.
  excerpt take(std::uint64_t budget);

  /// Returns the kept output unchanged.
  const head_tail_buffer& kept() const noexcept {
    return kept_;
  }

private:
  void append_whole(stream_kind stream, std::string_view bytes);

  head_tail_buffer kept_;
  /// The beginning of an incomplete character, for each stream.
  std::string begun_[2];
  cursor bytes_;
};

} // namespace procession
