#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace procession::soak {

/// The work done so far; any thread counts.
struct tally {
  std::atomic<std::uint64_t> sessions{0};
  std::atomic<std::uint64_t> live{0};
  /// Bytes of output compared with the pattern, from subscriptions and reads.
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> subscribers{0};
  std::atomic<std::uint64_t> gaps{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> bytes_written{0};
  /// Sessions that ended as their program was told to, undisturbed.
  std::atomic<std::uint64_t> natural{0};
  /// Sessions that were ended, from within by request or by time-out.
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> spawners{0};
  std::atomic<std::uint64_t> keeper_kills{0};
  std::atomic<std::uint64_t> runner_kills{0};
  std::atomic<std::uint64_t> runner_stops{0};
  std::atomic<std::uint64_t> host_kills{0};
  std::atomic<std::uint64_t> rounds{0};
  /// Runs of a program on a terminal with every core busy.
  std::atomic<std::uint64_t> terminal_runs{0};
  /// Processes that were looked for after their end.
  std::atomic<std::uint64_t> processes{0};
};

/// Formats the figures in one line.
std::string to_string(const tally& x);

/// Collects the findings of all threads and prints each with the command that
/// repeats it.
class ledger {
public:
  using clock = std::chrono::steady_clock;

  /// @param repeat the command line that repeats the soak.
  /// @param keep_going whether to go on after a round with a finding.
  ledger(std::string repeat, bool keep_going);

  /// @param story the events before it; may be empty.
  void finding(const std::string& what, const std::string& story = {});

  /// Returns whether the soak is to stop.
  bool over() const noexcept {
    return findings_ > 0 && !keep_going_;
  }

  std::uint64_t findings() const noexcept {
    return findings_;
  }

  /// Returns the time since the beginning, in seconds.
  double now() const;

  tally counts;

private:
  std::string repeat_;
  bool keep_going_;
  clock::time_point begin_ = clock::now();
  std::mutex mutex_;
  std::atomic<std::uint64_t> findings_{0};
};

} // namespace procession::soak
