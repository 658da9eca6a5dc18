#pragma once

#include "procession/messages/command.hpp"

#include <optional>

namespace procession::cli {

/// Whether our standard input is a terminal.
bool input_is_terminal();

/// Whether our error output is a terminal.
bool error_output_is_terminal();

/// The size of the terminal that our input, output or error output is, if one
/// of them is.
std::optional<terminal_size> console_size();

/// The terminal of our standard input in raw mode: every key goes to the child
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

  explicit raw_mode(output out);
  raw_mode(const raw_mode&) = delete;
  raw_mode& operator=(const raw_mode&) = delete;
  ~raw_mode();

  /// Sets the raw mode again, after somebody else had the terminal.
  void renew() const;

  /// Sets the former mode until `renew`, for whoever has the terminal next.
  void suspend() const;

private:
  output out_;
};

} // namespace procession::cli
