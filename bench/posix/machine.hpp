#pragma once

#include <cstddef>
#include <cstdint>

namespace procession::bench {

/// What this process has of the system.
struct holdings {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  /// Children, zombies among them.
  std::size_t children = 0;
};

holdings count_holdings();

/// What this process uses.
struct usage {
  /// Bytes of anonymous memory in RAM (RssAnon in /proc/self/status).
  std::uint64_t resident = 0;
  /// Bytes that malloc has handed out.
  std::uint64_t heap = 0;
  /// Processor time of all threads, in seconds.
  double cpu = 0;
  /// How often a thread went to sleep: once for each time it woke up.
  std::uint64_t wakeups = 0;
};

usage read_usage();

/// Gives unused memory back to the system, so that what `read_usage` finds
/// afterwards is neither older nor younger than it seems.
void trim_heap();

/// Raises the limit on open descriptors as far as it goes.
void raise_descriptor_limit();

/// So many bytes of memory that are resident.
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
