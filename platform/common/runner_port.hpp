#pragma once

#include "procession/io/reactor/duplex.hpp"
#include "procession/io/reactor/executor.hpp"
#include "procession/messages/events.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/runner_options.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace procession {

class runtime;

/// The runner, or the command that starts it, runs.
struct runner_launched {
  std::int64_t pid = 0;
};

/// Its end of the channel is open.
struct runner_connected {
  std::shared_ptr<duplex> stream;
};

/// Its end of the channel cannot be opened; it must be killed.
struct runner_connect_failed {
  failure why;
};

/// It was not started; nothing is left of the attempt. Last.
struct runner_launch_failed {
  failure why;
};

/// It wrote to its standard error.
struct runner_said {
  std::string text;
};

/// The process has ended; its last frames may still be on their way.
struct runner_exited {
  exit_status status;
};

/// Nothing of it is left. Last.
struct runner_gone {};

/// An event of a runner's process; they come in this order.
using runner_event
  = std::variant<runner_launched, runner_connected, runner_connect_failed,
                 runner_launch_failed, runner_said, runner_exited, runner_gone>;

/// The process of a runner and the stream to it, on the thread of the executor.
/// Destroying it ends the runner's whole tree in the background.
class runner_process {
public:
  using sink = std::function<void(runner_event)>;

  runner_process() = default;
  runner_process(const runner_process&) = delete;
  runner_process& operator=(const runner_process&) = delete;
  virtual ~runner_process() = default;

  /// Starts it. Events come on the executor's thread, never from inside a call.
  virtual void start(sink to) = 0;

  /// Kills its whole tree.
  virtual void kill() = 0;
};

/// The parent's half of a platform's part for runners.
class runner_port {
public:
  runner_port() = default;
  runner_port(const runner_port&) = delete;
  runner_port& operator=(const runner_port&) = delete;
  virtual ~runner_port() = default;

  /// The reactor.
  virtual std::shared_ptr<executor> work() = 0;

  /// Makes a process, to be started. From any thread.
  /// @param nonce passed to the runner if that is possible in secret.
  virtual std::unique_ptr<runner_process>
  make_process(const runner_options& options, std::string nonce) = 0;

  /// Makes a random text that is hard to guess.
  virtual std::string make_nonce() = 0;
};

/// Makes the port of this platform, on the reactor of `owner`, which it may
/// outlive.
std::shared_ptr<runner_port> make_runner_port(const runtime& owner);

} // namespace procession
