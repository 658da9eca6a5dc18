#pragma once

#include "escape_keys.hpp"

#include "procession/messages/bytes.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace procession::cli {

/// The way of our input to the program: reads at the speed of the program and
/// looks for the escape key. A state machine without threads; everything
/// happens on its owner's thread.
///
/// With an escape key it reads ahead, so that the key also works while the
/// program does not read.
class input_path {
public:
  /// How far it reads ahead, in bytes: more than anybody types or pastes for a
  /// program that hangs. Beyond it the escape key is not seen until the program
  /// reads something.
  static constexpr std::uint64_t max_ahead = 16 * 1024 * 1024;

  /// Requests to its owner.
  struct hooks {
    /// To read the next chunk; the answer is `on_read`.
    std::function<void()> read;
    /// To pass bytes on. The next of these requests follows the answer to the
    /// last: `on_written` or `on_refused`.
    std::function<void(shared_bytes)> write;
    /// To tell the program that its input has ended; the last request.
    std::function<void()> close;
    /// To carry out a command typed after the escape key.
    std::function<void(escape_command)> obey;
  };

  /// @param escape the escape key; 0 for no key.
  input_path(char escape, hooks ask);
  input_path(const input_path&) = delete;
  input_path& operator=(const input_path&) = delete;

  /// Begins to read.
  /// @param first input that was read earlier.
  void start(std::string first);

  /// Takes some of our input; no bytes mean its end.
  void on_read(const shared_bytes& bytes);

  /// The program has taken the bytes passed on last.
  void on_written();

  /// The program does not get the bytes passed on last.
  /// @param for_good whether it can take no further input either.
  void on_refused(bool for_good);

  bool has_escape_key() const noexcept {
    return escape_.has_value();
  }

private:
  void take(std::string_view bytes);
  void append(std::string bytes);
  void go_on();

  hooks ask_;
  std::optional<escape_keys> escape_;
  /// Input that was read and not passed on yet, in pieces that are passed on
  /// whole.
  std::deque<std::string> waiting_;
  std::uint64_t bytes_waiting_ = 0;
  bool reading_ = false;
  /// Whether bytes were passed on that the owner has not answered.
  bool writing_ = false;
  enum class state { open, ending, over };
  state at_ = state::open;
};

} // namespace procession::cli
