#pragma once

#include "procession/io/reactor/deadlines.hpp"
#include "procession/io/reactor/executor.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>

namespace procession {

/// The times at which a connection must act, for itself and for its sessions,
/// on one timer. On the executor's thread.
class connection_deadlines {
public:
  enum class kind {
    /// The channel asks the runner for a sign of life, or gives it up.
    silence,
    /// The phase of the connection has taken too long.
    phase,
    /// A session has not received this frame from the runner.
    spawned,
    answered,
    exited,
    closed,
    /// A session may report again that its process has stopped or continued.
    stops,
  };

  struct deadline {
    kind what;
    /// Number of the session; 0 is the connection itself.
    std::uint64_t session = 0;

    auto operator<=>(const deadline&) const = default;
  };

  using time_point = deadlines<deadline>::time_point;

  /// @param on_due called with each deadline that passes, the earliest first.
  connection_deadlines(executor& work,
                       std::function<void(const deadline&)> on_due);

  /// Adds a deadline. Of two deadlines of the same kind and session, the
  /// earlier one stays.
  void add(const deadline& x, time_point when);

  void clear(const deadline& x) {
    pending_.clear(x);
  }

  /// Clears every deadline of a session.
  void forget(std::uint64_t session);

  /// Clears all deadlines. The owner destroys the timer, outside of its call
  /// and before the executor ends.
  std::unique_ptr<timer> stop();

private:
  void arm();
  void tick();

  executor& work_;
  std::function<void(const deadline&)> on_due_;
  deadlines<deadline> pending_;
  std::unique_ptr<timer> timer_;
  /// When the timer fires.
  time_point armed_ = time_point::max();
};

} // namespace procession
