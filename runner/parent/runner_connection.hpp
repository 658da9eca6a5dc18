#pragma once

#include "procession/io/reactor/executor.hpp"
#include "procession/messages/runner.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/common/runner_port.hpp"
#include "procession/runner/channel/framed_channel.hpp"
#include "procession/runner/parent/connection_deadlines.hpp"
#include "procession/runner/parent/remote_session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace procession {

/// Our end of a runner: starts its process, greets it, and is the children that
/// live there. Nothing it hears from there is believed unseen; the first breach
/// of docs/protocol.md ends the runner. It is a state machine without threads
/// or a clock of its own; everything but `work` happens on the executor's
/// thread.
class runner_connection
  : public std::enable_shared_from_this<runner_connection>,
    public channel_listener {
public:
  using session_ptr = std::shared_ptr<remote_session>;

  /// Called with each change, on the executor's thread.
  using observer = std::function<void(const runner_info&)>;

  /// Makes one whose last owner may be on any thread.
  static std::shared_ptr<runner_connection>
  make(std::shared_ptr<executor> work, runner_options options,
       std::string nonce, observer tell);

  ~runner_connection() override;

  executor& work() noexcept {
    return *work_;
  }

  /// Launches.
  void start(std::unique_ptr<runner_process> process);

  /// Says goodbye; what does not end soon is killed.
  void stop();

  /// Stops after its last session, as nobody needs it any more.
  void release();

  /// Whether it has ended, or is ending, and takes no session.
  bool lost() const noexcept {
    return phase_ >= phase::half_ended;
  }

  /// Sessions that are not closed.
  std::uint64_t sessions() const noexcept {
    return sessions_.size();
  }

  /// Starts a session, now or when the runner is up.
  void start_session(const session_ptr& x, command spec, std::uint64_t credit,
                     child_sink sink);

  // For its sessions.

  const runner_options& options() const noexcept {
    return options_;
  }

  connection_deadlines& pending() noexcept {
    return pending_;
  }

  /// Null while the runner is not up.
  framed_channel* channel() noexcept {
    return phase_ == phase::up ? channel_.get() : nullptr;
  }

  /// The session is over.
  void forget(const remote_session& x);

private:
  runner_connection(std::shared_ptr<executor> work, runner_options options,
                    std::string nonce, observer tell);

  using deadline = connection_deadlines::kind;

  enum class phase {
    launching,
    connecting,
    greeting,
    up,
    /// We said goodbye; it is to end by itself.
    leaving,
    /// Its process or its channel has ended; the other is to follow.
    half_ended,
    /// It was killed; nothing of it is to be left soon.
    killing,
    down
  };

  // The runner's process.
  void on(runner_launched& x);
  void on(runner_connected& x);
  void on(runner_connect_failed& x);
  void on(runner_launch_failed& x);
  void on(runner_said& x);
  void on(runner_exited& x);
  void on(runner_gone& x);

  // The channel.
  void on_frame(frame& x) override;
  void on_end(const failure& why) override;
  void on_broken(const failure& why) override;
  void on_hello(const frame& x);

  void tell();

  // Time.
  void enter(phase next, caf::timespan within = {});
  void on_due(const connection_deadlines::deadline& x);
  void on_phase_due();
  void check_signs_of_life();
  caf::timespan hello_time() const;

  // The end.
  bool greeted() const noexcept;
  failure here(std::string text) const;
  void half_ended();
  void lose(failure why);
  void down();

  std::shared_ptr<executor> work_;
  /// Itself, from the start to the end: it sees its runner out.
  std::shared_ptr<runner_connection> self_;
  runner_options options_;
  std::string nonce_;
  observer tell_;
  bool released_ = false;
  std::unique_ptr<runner_process> process_;
  std::unique_ptr<framed_channel> channel_;
  connection_deadlines pending_;
  phase phase_ = phase::launching;
  /// Where we are or were on the way up.
  stage stage_ = stage::launch;
  runner_info info_;
  /// How its process and its channel ended, once they did.
  std::optional<exit_status> exit_;
  std::optional<failure> channel_end_;
  /// The end of what it said on its standard error.
  std::string log_;

  /// By number, in the order of their starts.
  std::map<std::uint64_t, session_ptr> sessions_;
  std::uint64_t last_number_ = 0;
};

/// Makes children that live in runners.
/// @param choose which runner a session goes to: called when the session is
///               started, on the executor's thread.
std::shared_ptr<child_factory>
make_children(std::shared_ptr<executor> work,
              std::function<std::shared_ptr<runner_connection>()> choose);

} // namespace procession
