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

/// The way of our input to the program: reads no faster than the program takes
/// it and looks for the escape key. A state machine without threads; everything
/// on its owner's thread.
///
/// If there is an escape key, it reads ahead of a program that takes nothing,
/// or that would keep the key from us.
class input_path {
public:
  /// How much it reads ahead, in bytes: more than anybody types or pastes for a
  /// program that hangs. Beyond it the escape key is not seen until the program
  /// takes something.
  static constexpr std::uint64_t max_ahead = 16 * 1024 * 1024;

  /// Requests to its owner.
  struct hooks {
    /// To read the next chunk; the answer is `on_read`.
    std::function<void()> read;
    /// To pass bytes on, one time after the other; the answer is `on_written`
    /// or `on_refused`.
    std::function<void(shared_bytes)> write;
    /// To tell the program that there is no more; once, last.
    std::function<void()> close;
    /// To do what was typed after the escape key.
    std::function<void(escape_command)> obey;
  };

  /// @param escape the escape key; 0: none.
  input_path(char escape, hooks ask);
  input_path(const input_path&) = delete;
  input_path& operator=(const input_path&) = delete;

  /// Begins.
  /// @param first what was read before.
  void start(std::string first);

  /// Some of our input; no bytes: its end.
  void on_read(const shared_bytes& bytes);

  /// The program has what was passed on last.
  void on_written();

  /// It does not get what was passed on last.
  /// @param for_good nobody takes any input any more.
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
  /// Input that was read and not passed on, in pieces that are passed on whole.
  std::deque<std::string> waiting_;
  std::uint64_t bytes_waiting_ = 0;
  bool reading_ = false;
  /// Whether something was passed on and not answered.
  bool writing_ = false;
  enum class state { open, ending, over };
  state at_ = state::open;
};

} // namespace procession::cli
