#pragma once

#include "stdio_threads.hpp"

#include "procession/messages/bytes.hpp"
#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

namespace procession::cli {

/// The way of the program's output to our streams: in order, on a thread of its
/// own, and each chunk is acknowledged when it was written. A stream that
/// cannot be written to takes no more. On its owner's thread.
class output_path {
public:
  /// Requests to its owner.
  struct hooks {
    /// To hand this to `on_written`, on the owner's thread. Any thread.
    std::function<void(write_done)> deliver;
    /// To give bytes of credit back.
    std::function<void(std::uint64_t)> acknowledge;
  };

  explicit output_path(hooks ask);

  /// Writes.
  /// @param credit what to acknowledge for it.
  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit = 0);

  /// @returns whether this broke a stream, so that the program is to end.
  bool on_written(const write_done& x);

  /// Whether writes wait for whoever reads our output.
  bool waits() const noexcept {
    return writing_ > 0;
  }

  /// How many bytes were written so far.
  std::uint64_t written() const {
    return thread_.written();
  }

  /// Whether somebody who read our output has gone.
  bool reader_has_gone() const noexcept {
    return reader_gone_;
  }

  /// Why else our output could not be written, if so.
  std::error_code error() const noexcept {
    return error_;
  }

private:
  bool& dropped(stream_kind stream) noexcept {
    return stream == stream_kind::out ? out_dropped_ : err_dropped_;
  }

  void acknowledge(std::uint64_t credit);

  hooks ask_;
  output_thread thread_;
  /// Writes that wait for their `write_done`.
  std::size_t writing_ = 0;
  bool out_dropped_ = false;
  bool err_dropped_ = false;
  bool reader_gone_ = false;
  std::error_code error_;
};

} // namespace procession::cli
