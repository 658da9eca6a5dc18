#pragma once

#include "outcome.hpp"

#include "procession/actors/listening.hpp"
#include "procession/messages/caf.hpp"

#include <caf/stateful_actor.hpp>

#include <string>

namespace procession::bench {

/// The common half of the actors that follow sessions: it reports to an outcome
/// and lets nothing pass that went wrong.
class follower {
public:
  explicit follower(caf::event_based_actor* self) : self_(self) {
    // nop
  }

protected:
  /// Returns functions that fail for a gap and for a process that failed.
  listener strict();

  /// Fails unless all output of the session was read.
  /// @returns whether it was
  bool expect_complete(const closed& x);

  /// Fails unless as many bytes came as were expected.
  /// @returns whether they did
  bool expect_bytes(std::uint64_t got, std::uint64_t expected);

  void fail(const std::string& what);
  void fail(const caf::error& x);

  /// Returns a function that fails with its error, for requests.
  auto failing() {
    return [this](const caf::error& x) { fail(x); };
  }

  caf::event_based_actor* self_;
  outcome_ptr to_;
};

/// Starts an actor with a state of type `State`, whose `make_behavior` gets
/// these arguments.
template <class State, class... Ts>
caf::actor launch(caf::actor_system& where, Ts... args) {
  return where.spawn([=](caf::stateful_actor<State>* self) -> caf::behavior {
    return state_of(self).make_behavior(args...);
  });
}

} // namespace procession::bench
