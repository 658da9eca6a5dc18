#pragma once

#include <cstddef>
#include <cstdint>

namespace procession::bench {

/// The resources of this process.
struct holdings {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  /// Children, including zombies.
  std::size_t children = 0;
};

holdings count_holdings();

/// The memory and time that this process uses.
struct usage {
  /// Bytes of anonymous memory in RAM (RssAnon in /proc/self/status).
  std::uint64_t resident = 0;
  /// Bytes that malloc has handed out.
  std::uint64_t heap = 0;
  /// Processor time of all threads, in seconds.
  double cpu = 0;
  /// The number of times that a thread went to sleep, which is how often one
  /// woke up.
  std::uint64_t wakeups = 0;
};

usage read_usage();

/// Gives unused memory back to the system, so that a later `read_usage` neither
/// counts memory that was freed before nor misses memory that is used again.
void trim_heap();

/// Raises the limit on open descriptors as far as possible.
void raise_descriptor_limit();

/// Resident memory of a given size.
class ballast {
public:
  /// @throws std::bad_alloc
  explicit ballast(std::size_t bytes);
  ballast(const ballast&) = delete;
  ballast& operator=(const ballast&) = delete;
  ~ballast();

private:
  void* memory_;
  std::size_t size_;
};

} // namespace procession::bench
