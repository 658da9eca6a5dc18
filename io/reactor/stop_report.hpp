#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace procession {

/// Paces what is told of a process that is stopped and runs again: a report
/// comes 100 ms after the one before at the earliest and then tells how things
/// are at that moment, so that reports cannot pile up. That a process which is
/// stopped ran in between is told, however short that was. Has no clock of its
/// own.
class stop_report {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What is to be told: first that the process runs again, then that it is
  /// stopped.
  struct news {
    bool continued = false;
    /// The signal that has stopped it; 0: it runs.
    std::int32_t stopped = 0;
  };

  /// The process was stopped by that signal; 0: it runs again.
  /// @returns whether `take` is to be called when it is `due`, and that was not
  ///          to be done before.
  bool changed(std::int32_t signal) noexcept {
    signal_ = signal;
    if (signal != 0)
      ++stops_;
    return !std::exchange(waiting_, true);
  }

  /// When `take` is to be called.
  time_point due() const noexcept {
    return next_;
  }

  /// What is to be told at this time.
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
