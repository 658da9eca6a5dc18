#pragma once

#include "procession/messages/bytes.hpp"
#include "procession/messages/events.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <system_error>

namespace procession::cli {

/// Gives the standard streams that we were started without (`<&-`) a
/// descriptor on which reading and writing fails, so that nothing else is
/// opened in their place. To be called first of all.
void complete_stdio();

/// What a read of our standard input brought; no bytes: its end, or an error.
struct input_chunk {
  shared_bytes bytes;
  std::error_code error;
};

/// Reads our standard input on a thread of its own, one chunk each time it is
/// told to, and hands it to `sink`, there.
///
/// A thread that waits in a read cannot be woken for sure: it is left behind,
/// ends with the program and calls nothing any more.
class input_thread {
public:
  explicit input_thread(std::function<void(input_chunk)> sink);
  input_thread(const input_thread&) = delete;
  input_thread& operator=(const input_thread&) = delete;
  ~input_thread();

  /// Reads the next chunk, 64 KiB at most. Not before the last one is there.
  void next();

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// What became of a write.
struct write_done {
  stream_kind stream = stream_kind::out;
  /// As given to `write`.
  std::uint64_t credit = 0;
  /// Set if not all was written.
  std::error_code error;
};

/// Whether nobody reads what is written any more.
bool reader_gone(const std::error_code& x);

/// Whether there is no such stream: we were started without.
bool no_such_stream(const std::error_code& x);

/// Writes to our standard output and error output on one thread of its own, so
/// that their order is kept, and tells `sink`, there, of every write.
///
/// A thread that waits in a write is left behind as with `input_thread`.
class output_thread {
public:
  explicit output_thread(std::function<void(write_done)> sink);
  output_thread(const output_thread&) = delete;
  output_thread& operator=(const output_thread&) = delete;
  ~output_thread();

  /// Queues a write; the caller sees to it that these are not too many.
  /// @param credit comes back in `write_done`.
  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit);

  /// How many bytes were written so far. Any thread.
  std::uint64_t written() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace procession::cli
