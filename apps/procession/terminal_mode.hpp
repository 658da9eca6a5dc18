#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/events.hpp"

#include <optional>
#include <string>
#include <utility>

namespace procession::cli {

/// Returns whether our input is a terminal: our standard input, or after
/// `take_keys_from_terminal` our controlling terminal.
bool input_is_terminal();

/// Makes our controlling terminal our input, for when standard input is not a
/// terminal and belongs to another program. To be called before the first
/// thread starts.
/// @returns false if we have no terminal.
bool take_keys_from_terminal();

/// Returns whether our standard output or error output is a terminal.
bool output_is_terminal(stream_kind which = stream_kind::out);

/// Returns the size of our terminal, if our input, output or error output is
/// one.
std::optional<terminal_size> console_size();

/// Keeps the terminal of our input in raw mode: every key goes to the child as
/// it is. While the terminal belongs to another job, its mode is left alone.
/// The destructor restores the former mode, and so does a fatal signal that
/// ends the program. One object at a time; not thread-safe.
class raw_mode {
public:
  /// How output to the terminal is shown.
  enum class output {
    /// As it is: it comes from another terminal.
    raw,
    /// With each line beginning at the left.
    cooked,
  };

  /// Also reads the input typed so far with its former meaning, see
  /// `take_typed_ahead`.
  explicit raw_mode(output out);
  raw_mode(const raw_mode&) = delete;
  raw_mode& operator=(const raw_mode&) = delete;
  ~raw_mode();

  /// Returns, once, the input that waited when this was created: lines, and a
  /// ^D for each end of input, which the terminal would deliver as NUL in raw
  /// mode.
  std::string take_typed_ahead() {
    return std::exchange(typed_ahead_, {});
  }

  /// Sets the raw mode again after another job had the terminal.
  void renew() const;

  /// Sets the former mode until `renew`, for the next job that gets the
  /// terminal.
  void suspend() const;

private:
  output out_;
  std::string typed_ahead_;
};

/// Sets the former mode if a `raw_mode` exists, for a program that ends without
/// destroying it. Any thread.
void restore_terminal_mode() noexcept;

} // namespace procession::cli
