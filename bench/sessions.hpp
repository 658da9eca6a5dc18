#pragma once

#include "time.hpp"

#include "procession/messages/command.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace procession::bench {

/// The place of a host's sessions.
enum class place { here, in_a_runner };

/// Uses the library as a program would: a runtime, an actor system, a spawner,
/// and actors that start and follow sessions.
class host {
public:
  explicit host(place where = place::here);
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  /// Ends all sessions.
  ~host();

  /// Lets `subscribers` lossless subscribers follow a flood of `bytes` bytes.
  /// @returns the seconds until the last of them has everything.
  /// @throws std::runtime_error if one missed a byte, or if the subscribers did
  ///         not all see the same memory.
  double flood(stdio_kind kind, std::uint64_t bytes, std::size_t subscribers);

  /// Sends `count` messages, each when the last one has come back.
  round_trips echo(stdio_kind kind, std::size_t count, std::size_t size);

  /// Runs /bin/true `count` times, `at_once` at a time, each from the request
  /// to spawn to the answer of `wait`. @returns the seconds.
  double spawn(std::size_t count, std::size_t at_once = 1);

  /// Runs /bin/true `count` times, one after the other, over an exec tool.
  /// @returns the seconds.
  double exec(std::size_t count);

  /// Starts `count` sessions of `cat`, each of which has echoed a byte and
  /// waits. They live as long as the host.
  void idle(std::size_t count);

  /// Waits until every session of this host is closed.
  void settle();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace procession::bench
