#pragma once

#include "procession/messages/command.hpp"

#include <optional>
#include <string>
#include <utility>

namespace procession::cli {

/// Whether our input is a terminal: our standard input, or after
/// `take_keys_from_terminal` the terminal that we are at.
bool input_is_terminal();

/// Makes the terminal that we are at (our controlling one) our input, for one
/// whose standard input is not a terminal and another program's. Before the
/// first thread.
/// @returns false if there is none.
bool take_keys_from_terminal();

/// Whether our standard output is a terminal.
bool output_is_terminal();

/// Whether our error output is a terminal.
bool error_output_is_terminal();

/// The size of the terminal that our input, output or error output is, if one
/// of them is.
std::optional<terminal_size> console_size();

/// The terminal that our input is in raw mode: every key goes to the child
/// as it is. While the terminal is another job's, its mode is left alone. The
/// former mode is back when this is gone, and also when a fatal signal ends the
/// program. One at a time; not for several threads at a time.
class raw_mode {
public:
  /// What becomes of output to the terminal.
  enum class output {
    /// It is shown as it is: it comes from another terminal.
    raw,
    /// Lines begin at the left.
    cooked,
  };

  /// Reads what was typed before, as it was meant then: see
  /// `take_typed_ahead`.
  explicit raw_mode(output out);
  raw_mode(const raw_mode&) = delete;
  raw_mode& operator=(const raw_mode&) = delete;
  ~raw_mode();

  /// What waited to be read when this was made, once: lines, and a ^D for each
  /// end of input, which the terminal had taken before and would bring out as
  /// NUL in raw mode.
  std::string take_typed_ahead() {
    return std::exchange(typed_ahead_, {});
  }

  /// Sets the raw mode again, after somebody else had the terminal.
  void renew() const;

  /// Sets the former mode until `renew`, for whoever has the terminal next.
  void suspend() const;

private:
  output out_;
  std::string typed_ahead_;
};

/// Sets the former mode if a `raw_mode` lives, for a program that ends without
/// destroying it. Any thread.
void restore_terminal_mode() noexcept;

} // namespace procession::cli
