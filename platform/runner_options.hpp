#pragma once

#include <caf/timespan.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace procession {

/// The choice of a runner, and the time-outs of its steps. The defaults suit a
/// runner on this machine. Its channel is a socket pair, which is its standard
/// input and output; on Windows a named pipe that admits only this very
/// process.
struct runner_options {
  /// Name of the user to become; empty: stays ours. Needs the right to become
  /// another user (root), or on Windows a stored password (procession sandbox
  /// setup). The runner gets an environment and groups of that user, and can
  /// gain no privileges (prctl(2), PR_SET_NO_NEW_PRIVS).
  std::string user;
  /// A command line that runs `procession-runner --stdio`, here or elsewhere:
  /// sudo, bwrap, ssh, docker exec. Empty: our own runner. Excludes `user`.
  std::vector<std::string> command;
  /// The runner's executable; empty: `procession-runner` beside our own
  /// program, in the directory for programs that was configured for this
  /// library, or in the PATH. `user` must be allowed to execute it, but needs
  /// no right to enter the directories above it.
  std::string program;
  /// From the request to a running process.
  caf::timespan launch_timeout = std::chrono::seconds{10};
  /// From there to an open channel; a runner that a command line starts has
  /// this in addition to the time for its hello.
  caf::timespan connect_timeout = std::chrono::seconds{20};
  /// From there to its hello.
  caf::timespan hello_timeout = std::chrono::seconds{10};
  /// The longest start of a program in the runner.
  caf::timespan spawn_timeout = std::chrono::seconds{20};
  /// The longest end after a kill; then the whole runner is killed.
  caf::timespan kill_timeout = std::chrono::seconds{10};
  /// A runner is asked for a sign of life after this long a silence...
  caf::timespan ping_interval = std::chrono::seconds{5};
  /// ...and is lost, and killed, if it gives none for this long.
  caf::timespan pong_timeout = std::chrono::seconds{10};
  /// Whether the next spawn starts another runner after one was lost or could
  /// not be started. When four in a row failed, which means that they were not
  /// up for ten seconds, spawns fail at once with the last reason for one
  /// second, then another is tried; that pause doubles with each further
  /// failure, up to 30 s. False: a lost runner is lost for good.
  bool restart = true;
};

} // namespace procession
