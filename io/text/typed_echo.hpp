#pragma once

#include "procession/io/pattern_watch.hpp"

#include <bitset>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace procession {

/// Separates the echo of typed input from the output of a program on a
/// terminal, by the bytes alone, since a program may echo by itself (readline
/// does).
///
/// A typed line is expected to come back with its line end: that is its echo. A
/// second copy after a prompt counts as an echo too, because the terminal
/// echoes input that was typed before the program asked for it. Control
/// sequences and wraps inside the echo do not matter. Text without a line end
/// is expected as the very next output. If the program does not echo, a line
/// that equals a typed one is mistaken for its echo once.
class typed_echo {
public:
  /// Notes typed bytes. If the echo of many lines is missing, only the latest
  /// are remembered.
  void typed(std::string_view bytes);

  /// Passes output on, with echoes hidden. Output that may turn out to be an
  /// echo waits for the bytes after it. The number of steps is bounded: output
  /// that would take more is passed on unchanged, and all typed lines are
  /// forgotten.
  void pass(std::string_view bytes, pattern_watch& to);

  /// Passes on the output that waits, not as an echo, because output is missing
  /// or over.
  void flush(pattern_watch& to);

private:
  struct line {
    std::string text;
    /// Whether the line end was typed; if not, more text may follow.
    bool ended = true;
  };

  enum class verdict { no, maybe, echo };

  struct look {
    verdict what = verdict::no;
    std::size_t size = 0;
  };

  /// Whether `bytes` begin with the echo of a line.
  look compare(std::string_view bytes, const line& with);
  look compare_all(std::string_view bytes);
  void expect(std::string text, bool ended);
  void passed(char visible);
  void note_starts();
  bool after_prompt() const;
  void give_up();

  /// Lines that were typed and not echoed yet.
  std::deque<line> expected_;
  /// Lines that were echoed at the beginning of a line, not after a prompt.
  std::deque<line> again_;
  /// The bytes that may begin an echo or a control sequence; most output has
  /// few of them.
  std::bitset<256> starts_ = std::bitset<256>{}.set(0x1b);
  /// How many more bytes may be compared in this `pass`.
  std::size_t steps_left_ = 0;
  /// Output that may be the beginning of an echo.
  std::string held_;
  /// Whether no output came since the last typing.
  bool fresh_ = false;
  /// The last visible characters.
  char last_ = '\n';
  char last_but_one_ = '\n';
};

} // namespace procession
