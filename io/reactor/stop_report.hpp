#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace procession {

/// Limits the rate of reports about a process that is stopped and continued. A
/// report comes at least 100 ms after the one before and describes the state at
/// that moment, so that reports cannot pile up. If a stopped process ran in the
/// meantime, however briefly, the report says so. It has no clock of its own.
class stop_report {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The content of a report: first that the process runs again, then that it
  /// is stopped.
  struct news {
    bool continued = false;
    /// The signal that has stopped the process; 0 if it runs.
    std::int32_t stopped = 0;
  };

  /// Notes that the signal has stopped the process; 0 means that it runs again.
  /// @returns whether the caller must newly arrange a call of `take` at `due`.
  bool changed(std::int32_t signal) noexcept {
    signal_ = signal;
    if (signal != 0)
      ++stops_;
    return !std::exchange(waiting_, true);
  }

  /// Returns when `take` is to be called.
  time_point due() const noexcept {
    return next_;
  }

  /// Returns the report for this time.
  news take(time_point time) noexcept {
    waiting_ = false;
    news result;
    if (signal_ == told_ && (signal_ == 0 || stops_ == told_stops_))
      return result;
    result.continued = told_ != 0;
    result.stopped = signal_;
    told_ = signal_;
    told_stops_ = stops_;
    next_ = time + std::chrono::milliseconds{100};
    return result;
  }

private:
  std::int32_t signal_ = 0;
  std::uint64_t stops_ = 0;
  std::int32_t told_ = 0;
  std::uint64_t told_stops_ = 0;
  bool waiting_ = false;
  time_point next_{};
};

} // namespace procession
