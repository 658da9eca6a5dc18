#pragma once

#include "../time.hpp"

#include "procession/messages/command.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The other side of each comparison: the system calls of a program that does
/// the same for one child at a time, and nothing else.
namespace procession::bench::plain {

/// A child on pipes or a PTY. Killed and reaped at the end.
class child {
public:
  /// @throws std::system_error if it does not start.
  child(stdio_kind kind, const std::string& program,
        const std::vector<std::string>& args);
  child(child&& other) noexcept;
  child& operator=(child&&) = delete;
  ~child();

  int in() const noexcept {
    return in_;
  }

  int out() const noexcept {
    return out_;
  }

private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

/// Reads a flood of `bytes` bytes, 64 KiB at a time. @returns the seconds.
double flood(stdio_kind kind, std::uint64_t bytes);

/// Writes and reads `count` messages, one after the other, over a PTY.
round_trips echo(std::size_t count, std::size_t size);

/// Runs /bin/true `count` times by vfork, exec and wait. @returns the seconds.
double spawn(std::size_t count);

/// Starts `count` processes of `cat`, each of which has echoed a byte and
/// waits.
std::vector<child> idle(std::size_t count);

} // namespace procession::bench::plain
