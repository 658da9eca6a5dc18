#pragma once

#include <caf/timespan.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace procession {

/// Which runner, and how long each step may take. The defaults suit a runner on
/// this machine. Its channel is a socket pair, which it has as its standard
/// input and output; on Windows a named pipe that lets in its very process
/// alone.
struct runner_options {
  /// Name of the user to be; empty: our own. Needs the right to become another
  /// user (root), or on Windows a password that is stored for it (procession
  /// sandbox setup). The runner gets an environment and groups of that user,
  /// and can gain no privileges (prctl(2), PR_SET_NO_NEW_PRIVS).
  std::string user;
  /// A command line that leads to `procession-runner --stdio`, here or
  /// elsewhere: sudo, bwrap, ssh, docker exec. Empty: our own runner.
  /// Excludes `user`.
  std::vector<std::string> command;
  /// The runner's executable; empty: `procession-runner` beside our own, in the
  /// directory for programs that was chosen when this library was configured,
  /// or in the PATH. `user` must be allowed to execute it, but needs no right
  /// to enter the directories above it.
  std::string program;
  /// From the request to a running process.
  caf::timespan launch_timeout = std::chrono::seconds{10};
  /// From there to an open channel; what a command line leads to gets it in
  /// addition to the time for its hello.
  caf::timespan connect_timeout = std::chrono::seconds{20};
  /// From there to its hello.
  caf::timespan hello_timeout = std::chrono::seconds{10};
  /// The time that the start of a program in the runner may take.
  caf::timespan spawn_timeout = std::chrono::seconds{20};
  /// The time that an end may take after a kill; then the whole runner is
  /// killed.
  caf::timespan terminate_timeout = std::chrono::seconds{10};
  /// A runner is asked for a sign of life after so long a silence...
  caf::timespan ping_interval = std::chrono::seconds{5};
  /// ...and is lost, and killed, if it gives none for so long.
  caf::timespan pong_timeout = std::chrono::seconds{10};
  /// Whether the next spawn starts another runner when one was lost or could
  /// not be started. When four in a row failed, that is were not up for ten
  /// seconds, spawns fail at once with the last reason for one second, then
  /// another is tried; that pause doubles with each further failure, up to 30
  /// s. False: a runner that is lost is lost for good.
  bool restart = true;
};

} // namespace procession
