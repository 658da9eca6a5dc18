#pragma once

#include "procession/actors/host.hpp"
#include "procession/actors/runner_node.hpp"
#include "procession/messages/session.hpp"

#include <caf/scoped_actor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace procession::bench {

/// Where the measured sessions live.
struct place_options {
  /// In a runner of this user, or in this process.
  bool in_runner = false;
  containment_kind containment = containment_kind::unknown;
};

/// Returns standard streams of that name: pipes or pty. Pipes have no input.
stdio_spec stdio_named(const std::string& name);

/// Returns a command made of the words of a command line.
command make_command(std::vector<std::string> words, stdio_spec stdio);

/// Uses the library as a program would. Its construction ends when a first
/// session has ended, so that the keeper and a runner are there. Functions
/// throw `std::runtime_error`.
class place {
public:
  explicit place(place_options options);

  /// Returns the spawner of the measured sessions.
  const procession::spawner& spawner() const noexcept {
    return spawner_;
  }

  caf::actor_system& system() noexcept {
    return host_.system();
  }

  /// Starts a session that lives as long as this object, or until it ends.
  session start(command what);

  /// Writes to a session.
  void write(const session& to, shared_bytes bytes);

private:
  host host_;
  std::optional<runner_node> runner_;
  procession::spawner spawner_;
  caf::scoped_actor self_;
};

} // namespace procession::bench
