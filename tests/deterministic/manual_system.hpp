#pragma once

#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include <memory>
#include <random>

namespace procession::test {

/// An actor system whose actors run when the test says so, on the test's
/// thread, by a clock that the test moves.
class manual_system {
public:
  explicit manual_system(config& cfg);
  manual_system(const manual_system&) = delete;
  manual_system& operator=(const manual_system&) = delete;
  ~manual_system();

  caf::actor_system& get();

  /// Delivers all messages that are on their way.
  void run();

  /// Delivers one message to an actor picked by chance. @returns false if there
  /// is none.
  bool run_any(std::minstd_rand& chance);

  /// Moves the clock; all that is due by then is on its way.
  void advance(caf::timespan by);

  /// Returns whether a time-out is pending.
  bool waits() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace procession::test
