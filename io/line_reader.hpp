#pragma once

#include "procession/messages/events.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace procession {

/// A line of output, or a part of one.
struct line {
  /// The stream that it belongs to.
  stream_kind stream = stream_kind::out;
  /// The text without its line end (LF or CRLF), otherwise unchanged. Valid
  /// only during the call that passes it.
  std::string_view text;
  /// False if the text continues the part before it, or follows lost output.
  bool begins = true;
  /// False if the line was too long and continues in the next part, or if the
  /// output ended or was lost before the line end.
  bool ends = true;
};

/// Turns output that comes in chunks into lines, for each stream separately. It
/// leaves out only line ends and decodes nothing; a line that is too long comes
/// in parts, each cut between two UTF-8 characters.
///
/// Its memory is bounded by twice the limit for each stream. Not thread-safe.
///
///     line_reader lines;
///     auto show = [](const line& x) { std::cout << x.text << '\n'; };
///     lines.feed(chunk, show); // for each `output`
///     lines.end(show);         // at `closed`
class line_reader {
public:
  /// The default size of the longest part in bytes.
  static constexpr std::size_t default_limit = 64 * 1024;

  /// @param limit size of the longest part in bytes; values below 4 count as 4.
  explicit line_reader(std::size_t limit = default_limit);

  /// Calls `f(line)` for each line that ends in `bytes`, the next bytes of
  /// `stream`.
  template <class F>
  void feed(stream_kind stream, std::string_view bytes, F&& f) {
    for (line x; step(stream, bytes, x);)
      f(std::as_const(x));
  }

  /// Calls `f(line)` for each line that ends in `x`.
  template <class F>
  void feed(const output& x, F&& f) {
    feed(x.stream, x.bytes.text(), f);
  }

  /// Notes that output is missing: calls `f` with the unfinished line before
  /// the gap; the next part then has `begins == false`.
  template <class F>
  void lose(stream_kind stream, F&& f) {
    for (line x; rest(stream, x);)
      f(std::as_const(x));
    parts_[index(stream)].begins = false;
  }

  /// @copydoc lose
  template <class F>
  void lose(const gap& x, F&& f) {
    lose(x.stream, f);
  }

  /// Calls `f` with the unfinished last line of each stream. Bytes that are fed
  /// later begin a new line.
  template <class F>
  void end(F&& f) {
    for (auto stream : {stream_kind::out, stream_kind::err}) {
      for (line x; rest(stream, x);)
        f(std::as_const(x));
      parts_[index(stream)] = {};
    }
  }

private:
  /// The state of one stream.
  struct part {
    /// Bytes of an unfinished line, at most `limit_ + 1`: a CR may be half of a
    /// line end.
    std::string begun;
    /// The memory behind `line::text`.
    std::string made;
    bool begins = true;
  };

  static std::size_t index(stream_kind stream) noexcept {
    return static_cast<std::size_t>(stream);
  }

  /// Takes bytes from the front of `bytes` until they complete a line or a
  /// part.
  bool step(stream_kind stream, std::string_view& bytes, line& result);
  /// Takes the unfinished line, or a part of it.
  bool rest(stream_kind stream, line& result);
  /// Returns the size of the first part of `text`, which is longer than the
  /// limit.
  std::size_t cut(std::string_view text) const noexcept;

  std::size_t limit_;
  std::array<part, 2> parts_;
};

} // namespace procession
