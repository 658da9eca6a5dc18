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
  stream_kind stream = stream_kind::out;
  /// Without its line end (LF or CRLF), otherwise as it came. It is valid
  /// during the call that gets it.
  std::string_view text;
  /// False: the text continues the part before it, or follows lost output.
  bool begins = true;
  /// False: the line was too long and continues in the next part, or the
  /// output ended or was lost before its line end came.
  bool ends = true;
};

/// Turns output that comes in chunks into lines, each stream by itself. No byte
/// but those of line ends is left out, and nothing is decoded; a line that is
/// too long comes in parts, cut between two characters of UTF-8.
///
/// Its memory is bounded by twice the limit for each stream. One thread may use
/// it at a time.
///
///     line_reader lines;
///     auto show = [](const line& x) { std::cout << x.text << '\n'; };
///     lines.feed(chunk, show); // for each `output`
///     lines.end(show);         // at `closed`
class line_reader {
public:
  static constexpr std::size_t default_limit = 64 * 1024;

  /// @param limit bytes of the longest part; at least 4 are used.
  explicit line_reader(std::size_t limit = default_limit);

  /// Calls `f` with each line that ends in `bytes`, the next ones of `stream`.
  template <class F>
  void feed(stream_kind stream, std::string_view bytes, F&& f) {
    for (line x; step(stream, bytes, x);)
      f(std::as_const(x));
  }

  /// Calls `f` with each line that ends in `x`.
  template <class F>
  void feed(const output& x, F&& f) {
    feed(x.stream, x.bytes.text(), f);
  }

  /// Notes that output is missing: calls `f` with what came before it, and the
  /// next part will say that it does not begin a line.
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

  /// Calls `f` with what is left of each stream: last lines without a line end.
  /// Bytes that are fed after it begin a new line.
  template <class F>
  void end(F&& f) {
    for (auto stream : {stream_kind::out, stream_kind::err}) {
      for (line x; rest(stream, x);)
        f(std::as_const(x));
      parts_[index(stream)] = {};
    }
  }

private:
  /// One stream.
  struct part {
    /// Bytes whose line end has not come, `limit_ + 1` at most: a CR may be
    /// half of a line end.
    std::string begun;
    /// What the line that was made last refers to.
    std::string made;
    bool begins = true;
  };

  static std::size_t index(stream_kind stream) noexcept {
    return static_cast<std::size_t>(stream);
  }

  /// Takes bytes from the front until they make a line.
  bool step(stream_kind stream, std::string_view& bytes, line& result);
  /// Takes what has begun.
  bool rest(stream_kind stream, line& result);
  /// How much of `text`, which is longer than the limit, makes a part.
  std::size_t cut(std::string_view text) const noexcept;

  std::size_t limit_;
  std::array<part, 2> parts_;
};

} // namespace procession
