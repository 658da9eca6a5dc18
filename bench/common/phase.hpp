#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace procession::bench {

/// What this process has used so far, all threads together and without its
/// children.
struct usage {
  /// Processor time in user code and in the kernel, in seconds.
  double cpu = 0;
  /// How often a thread went to sleep, and how often it lost its core.
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
};

/// Reads the usage; Windows does not count switches.
usage read_usage();

/// The measured part of a run: begins with its construction.
class phase {
public:
  /// Ends it. Calling it again does nothing.
  void stop();

  /// Returns its length, after `stop`.
  double seconds() const noexcept {
    return seconds_;
  }

  /// Prints what it took, and how many operations it consisted of.
  void print(double operations) const;

private:
  using clock = std::chrono::steady_clock;

  usage before_ = read_usage();
  clock::time_point start_ = clock::now();
  usage used_;
  double seconds_ = -1;
};

/// Echoes before the measured ones; they also load pages and caches.
inline constexpr std::size_t warm_up_echoes = 100;

/// A stopwatch that starts with its construction.
class stopwatch {
public:
  double seconds() const {
    auto passed = std::chrono::steady_clock::now() - start_;
    return std::chrono::duration<double>{passed}.count();
  }

private:
  std::chrono::steady_clock::time_point start_
    = std::chrono::steady_clock::now();
};

/// Prints one value for the driver, as a line `name value`.
void print(const char* name, double value);

/// Prints the rate of a flow of bytes, and its phase with a MiB as operation.
void print_flow(const phase& what, std::uint64_t bytes);

/// Prints how many operations there were each second, and their phase.
void print_rate(const phase& what, std::uint64_t operations);

/// Checks the number of bytes that a flow brought.
/// @throws std::runtime_error if it is another one.
void expect_bytes(std::uint64_t got, std::uint64_t expected);

/// Prints median, 99th percentile and mean of single times, given in seconds,
/// as microseconds.
void print_times(std::vector<double> times);

} // namespace procession::bench
