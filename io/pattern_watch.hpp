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

/// Something to look for in output.
struct pattern {
  enum class kind : std::uint8_t {
    /// These bytes.
    text,
    /// A regular expression in Perl's syntax, over bytes: '.' matches no line
    /// end, '^' and '$' match at every line, '$' also where the output ends so
    /// far. A match has at least one byte.
    regex,
  };
  std::string what;
  kind is = kind::text;
};

/// Patterns that are ready to be looked for. Cheap to copy.
class pattern_set {
public:
  /// Looks for nothing.
  pattern_set() = default;

  /// @returns `invalid_argument` at `validate` if a pattern is empty or an
  ///          expression is malformed.
  static expected<pattern_set> make(const std::vector<pattern>& patterns);

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
  /// Index of the pattern.
  std::size_t pattern = 0;
  /// The bytes that matched.
  std::string text;
  /// The output before it, since the last match or `skip`; of more than the
  /// window holds, the end.
  std::string before;
  /// Where it begins and ends: bytes of everything that came.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Looks for patterns in output that comes in pieces, wherever these end. It
/// keeps a window, the last bytes that came, and what has matched once does not
/// match again. The patterns can be replaced at any time: new ones are looked
/// for in all of the window that has not matched.
///
/// A watch for texts alone costs time in proportion to what comes. An
/// expression is tried again from where a match could still begin.
class pattern_watch {
public:
  static constexpr std::size_t default_window = 64 * 1024;

  /// @param window bytes that are kept; a longer match may not be found. Takes
  ///        up to twice as much memory.
  explicit pattern_watch(std::size_t window = default_window);

  /// Replaces the patterns.
  void look_for(pattern_set patterns);

  /// Takes output. Call `find` after each, or what leaves the window is not
  /// searched.
  void append(std::string_view bytes);

  /// Takes output that matches nothing, such as the echo of what was typed. No
  /// match goes across it, though the lookbehind of an expression may read it.
  void append_hidden(std::string_view bytes);

  /// Counts output that was lost. No match goes across the gap.
  void lose(std::uint64_t bytes);

  /// Excludes all output so far from matching.
  void skip();

  /// The first match, by where it begins, then by the order of the patterns.
  /// Call it until there is none.
  /// @returns nothing if there is no match so far; `invalid_argument` at `run`
  ///          if an expression takes too many steps, some milliseconds, or all
  ///          of them together more than about 250 milliseconds.
  expected<std::optional<pattern_match>> find();

  /// The output since the last match or `skip`; of more than the window holds,
  /// the end.
  std::string_view rest() const;

private:
  using offset = std::uint64_t;

  /// A part of the window that no match goes across the ends of.
  struct run {
    offset begin;
    offset end;
  };

  void add(std::string_view bytes, bool hidden);
  void search_from(offset begin);
  void drop_runs(offset before);
  std::string_view kept(offset begin, offset end) const;

  std::size_t capacity_;
  /// The last of what came, `kept_at_` being the offset of its first byte.
  std::string kept_;
  offset kept_at_ = 0;
  offset end_ = 0;
  /// The end of the last match or `skip`.
  offset used_ = 0;
  /// In order, from `used_` on; `open_` if more output belongs to the last one.
  std::deque<run> runs_;
  bool open_ = false;
  pattern_set patterns_;
  /// Where each pattern has to be looked for from.
  std::vector<offset> from_;
};

} // namespace procession
