#pragma once

#include "stdio_threads.hpp"

#include "procession/messages/bytes.hpp"
#include "procession/messages/events.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <system_error>

namespace procession::cli {

/// The way of the program's output to our streams: in order, on its own thread.
/// Each chunk is acknowledged when it has been written. After a stream has
/// failed, its output is dropped. To be used on its owner's thread.
class output_path {
public:
  /// Requests to its owner.
  struct hooks {
    /// To call `on_written` on the owner's thread. Called on any thread.
    std::function<void(write_done)> deliver;
    /// To give bytes of credit back.
    std::function<void(std::uint64_t)> acknowledge;
  };

  explicit output_path(hooks ask);

  /// Queues a write.
  /// @param credit the number of bytes to acknowledge for it.
  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit = 0);

  /// Takes note of a write that is over.
  /// @returns whether a stream has failed, so that the program must end.
  bool on_written(const write_done& x);

  /// Whether writes wait for the reader of our output.
  bool waits() const noexcept {
    return writing_ > 0;
  }

  /// How many bytes were written so far.
  std::uint64_t written() const {
    return thread_.written();
  }

  /// Whether a reader of our output has gone.
  bool reader_has_gone() const noexcept {
    return reader_gone_;
  }

  /// The error if our output could not be written for another reason.
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
