#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/events.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

namespace procession::cli {

/// Opens a descriptor for each standard stream that we were started without
/// (`<&-`), so that no other file gets its number. Reading and writing it
/// fails. To be called first in `main`.
void complete_stdio();

/// The result of a read of our standard input; no bytes mean its end or an
/// error.
struct input_chunk {
  shared_bytes bytes;
  std::error_code error;
};

/// Reads our standard input on its own thread, one chunk for each call of
/// `next`, and hands it to `sink` there.
///
/// A thread that waits in a read cannot be woken reliably. It is left behind,
/// ends with the program and does not call `sink` any more.
class input_thread {
public:
  explicit input_thread(std::function<void(input_chunk)> sink);
  input_thread(const input_thread&) = delete;
  input_thread& operator=(const input_thread&) = delete;
  ~input_thread();

  /// Reads the next chunk, at most 64 KiB. The last one must have arrived.
  void next();

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// The result of a write.
struct write_done {
  stream_kind stream = stream_kind::out;
  /// As given to `write`.
  std::uint64_t credit = 0;
  /// Set if not all was written.
  std::error_code error;
};

/// Returns whether a write failed because its reader has gone.
bool reader_gone(const std::error_code& x);

/// Returns whether we were started without this stream.
bool no_such_stream(const std::error_code& x);

/// Writes to our standard output and error output on one thread of its own,
/// which keeps their order, and hands the result of every write to `sink`
/// there.
///
/// A thread that waits in a write is left behind, as in `input_thread`.
class output_thread {
public:
  explicit output_thread(std::function<void(write_done)> sink);
  output_thread(const output_thread&) = delete;
  output_thread& operator=(const output_thread&) = delete;
  ~output_thread();

  /// Queues a write. The caller must limit the number of queued writes.
  /// @param credit comes back in `write_done`.
  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit);

  /// Returns the number of bytes written so far. Any thread.
  std::uint64_t written() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace procession::cli
