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

/// The parent's end of a runner: starts its process, exchanges hellos with it,
/// and owns the sessions that live there. It trusts nothing that it cannot
/// check; the first violation of docs/protocol.md ends the runner. It is a
/// state machine without threads or a clock of its own; everything except
/// `work` happens on the executor's thread.
class runner_connection
  : public std::enable_shared_from_this<runner_connection>,
    public channel_listener {
public:
  using session_ptr = std::shared_ptr<remote_session>;

  /// Called after each change, on the executor's thread.
  using observer = std::function<void(const runner_info&)>;

  /// Creates a connection whose last owner may be on any thread.
  static std::shared_ptr<runner_connection>
  make(std::shared_ptr<executor> work, runner_options options,
       std::string nonce, observer tell);

  ~runner_connection() override;

  executor& work() noexcept {
    return *work_;
  }

  /// Starts the runner.
  void start(std::unique_ptr<runner_process> process);

  /// Says goodbye; a runner that does not end soon is killed.
  void stop();

  /// Stops the runner after its last session.
  void release();

  /// Whether it has ended or is ending, and accepts no session.
  bool lost() const noexcept {
    return phase_ >= phase::half_ended;
  }

  /// Number of sessions that are not closed.
  std::uint64_t sessions() const noexcept {
    return sessions_.size();
  }

  /// Starts a session, now or once the runner is up.
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

  /// Removes a session that is over.
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
    /// We said goodbye; the runner should end by itself.
    leaving,
    /// Its process or its channel has ended; the other should follow.
    half_ended,
    /// It was killed; its process should disappear soon.
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
  /// Keeps this object alive from the start to the end of the runner.
  std::shared_ptr<runner_connection> self_;
  runner_options options_;
  std::string nonce_;
  observer tell_;
  bool released_ = false;
  std::unique_ptr<runner_process> process_;
  std::unique_ptr<framed_channel> channel_;
  connection_deadlines pending_;
  phase phase_ = phase::launching;
  /// The stage that failures name.
  stage stage_ = stage::launch;
  runner_info info_;
  /// The ends of the process and of the channel, once known.
  std::optional<exit_status> exit_;
  std::optional<failure> channel_end_;
  /// The end of the runner's error output.
  std::string log_;

  /// By number: in the order of the starts.
  std::map<std::uint64_t, session_ptr> sessions_;
  std::uint64_t last_number_ = 0;
};

/// Creates children that live in runners.
/// @param choose returns the runner for a session. Called when the session is
///               started, on the executor's thread.
std::shared_ptr<child_factory>
make_children(std::shared_ptr<executor> work,
              std::function<std::shared_ptr<runner_connection>()> choose);

} // namespace procession
