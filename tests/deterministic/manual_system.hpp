#pragma once

#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include <memory>
#include <random>

namespace procession::test {

/// An actor system whose actors run when they are told to, on the thread that
/// tells them, by a clock that is moved by hand.
class manual_system {
public:
  explicit manual_system(config& cfg);
  manual_system(const manual_system&) = delete;
  manual_system& operator=(const manual_system&) = delete;
  ~manual_system();

  caf::actor_system& get();

  /// Delivers all messages that are on their way.
  void run();

  /// Delivers one message, to an actor that chance picks. @returns false when
  /// there is none.
  bool run_any(std::minstd_rand& chance);

  /// Moves the clock; whatever is due by then is on its way.
  void advance(caf::timespan by);

  /// Whether anybody waits for some time to come.
  bool waits() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace procession::test
