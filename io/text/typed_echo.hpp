#pragma once

#include "procession/io/pattern_watch.hpp"

#include <bitset>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace procession {

/// Tells the echo of what is typed on a terminal from what its program says, by
/// the bytes alone, since a program may echo by itself (readline does).
///
/// A typed line is expected to come back with its line end; that is its echo,
/// and so is another one after a prompt, for what was typed before the program
/// asked for it. Control sequences and wraps within it do not matter. Text
/// without a line end is expected as the very next output. Where nothing is
/// echoed, a line that equals what was typed is taken for its echo once.
class typed_echo {
public:
  /// These bytes are typed now. Of very many lines whose echo has not come,
  /// only the latest are remembered.
  void typed(std::string_view bytes);

  /// Passes output on, with echoes hidden. What may turn out to be an echo
  /// waits for what follows it. Takes a bounded number of steps: output that
  /// would take more is passed on as it is, and what was typed is forgotten.
  void pass(std::string_view bytes, pattern_watch& to);

  /// Passes on what waits, as no echo, because output is missing or over.
  void flush(pattern_watch& to);

private:
  struct line {
    std::string text;
    /// With a line end; else text that more may follow.
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

  /// Lines that were typed and are not echoed yet.
  std::deque<line> expected_;
  /// Lines echoed at the beginning of a line, not after a prompt.
  std::deque<line> again_;
  /// The bytes that an echo or a control sequence can begin with; most output
  /// has few of them.
  std::bitset<256> starts_ = std::bitset<256>{}.set(0x1b);
  /// How many more bytes may be compared in this `pass`.
  std::size_t steps_left_ = 0;
  /// Output that may be the beginning of an echo.
  std::string held_;
  /// Nothing came since something was typed.
  bool fresh_ = false;
  /// The last that was shown.
  char last_ = '\n';
  char last_but_one_ = '\n';
};

} // namespace procession
