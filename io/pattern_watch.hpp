#pragma once

#include "procession/messages/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procession {

/// A pattern to look for in output.
struct pattern {
  /// How `what` is interpreted.
  enum class kind : std::uint8_t {
    /// Exactly these bytes.
    text,
    /// A regular expression in Perl's syntax, over bytes: '.' does not match a
    /// line end; '^' and '$' match at every line, '$' also at the current end
    /// of the output. A match has at least one byte.
    regex,
  };
  /// The text or expression; must not be empty.
  std::string what;
  /// Whether `what` is a text or an expression.
  kind is = kind::text;
};

/// Compiled patterns. Cheap to copy.
class pattern_set {
public:
  /// Creates an empty set, which matches nothing.
  pattern_set() = default;

  /// Compiles patterns.
  /// @returns the set, or `invalid_argument` at `validate` if a pattern is
  ///          empty or an expression is malformed.
  static expected<pattern_set> make(const std::vector<pattern>& patterns);

  /// Whether there is no pattern.
  bool empty() const noexcept {
    return patterns_.empty();
  }

private:
  friend class pattern_watch;
  struct compiled;
  std::vector<std::shared_ptr<const compiled>> patterns_;
};

/// A match.
struct pattern_match {
  /// Index of the pattern in the vector that the set was made from.
  std::size_t pattern = 0;
  /// The bytes that matched.
  std::string text;
  /// The output between the last match or `skip` and this match; if the window
  /// does not hold all of it, its end.
  std::string before;
  /// The place of the match: offsets in bytes from the beginning of all output.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Looks for patterns in output that comes in pieces of any size. It keeps a
/// window of the latest bytes, and output that has matched does not match
/// again. The patterns can be replaced at any time: the new ones are looked for
/// in the part of the window that has not matched.
///
/// The time for texts is proportional to the size of the output. An expression
/// is tried again from the earliest place where a match could still begin. Not
/// thread-safe.
class pattern_watch {
public:
  /// The default size of the window in bytes.
  static constexpr std::size_t default_window = 64 * 1024;

  /// @param window bytes to keep; a longer match may be missed. Memory use is
  ///               up to twice as much.
  explicit pattern_watch(std::size_t window = default_window);

  /// Replaces the patterns.
  void look_for(pattern_set patterns);

  /// Appends output. Call `find` after each call, or output may leave the
  /// window unsearched.
  void append(std::string_view bytes);

  /// Appends output that must not match, such as the echo of typed input. No
  /// match crosses it, but the lookbehind of an expression may read it.
  void append_hidden(std::string_view bytes);

  /// Counts `bytes` of lost output. No match crosses the gap.
  void lose(std::uint64_t bytes);

  /// Excludes all output so far from matching.
  void skip();

  /// Returns the first match: the earliest, and of several at one place that of
  /// the first pattern. Call it until it returns nothing.
  /// @returns nothing if there is no match so far; `invalid_argument` at `run`
  ///          if one expression takes too many steps (some milliseconds), or
  ///          all of them together take more than about 250 milliseconds.
  expected<std::optional<pattern_match>> find();

  /// Returns the output since the last match or `skip`; if the window does not
  /// hold all of it, its end. Valid until more output is appended or lost.
  std::string_view rest() const;

private:
  using offset = std::uint64_t;

  /// A part of the window; matches do not cross its ends.
  struct run {
    offset begin;
    offset end;
  };

  void add(std::string_view bytes, bool hidden);
  void search_from(offset begin);
  void drop_runs(offset before);
  std::string_view kept(offset begin, offset end) const;

  std::size_t capacity_;
  /// The latest bytes; `kept_at_` is the offset of the first one.
  std::string kept_;
  offset kept_at_ = 0;
  offset end_ = 0;
  /// The end of the last match or `skip`.
  offset used_ = 0;
  /// In order, from `used_` on; `open_` tells whether the last run continues.
  std::deque<run> runs_;
  bool open_ = false;
  pattern_set patterns_;
  /// For each pattern, the offset from which to search.
  std::vector<offset> from_;
};

} // namespace procession
