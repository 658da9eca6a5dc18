#pragma once

#include "procession/io/reactor/executor.hpp"
#include "procession/io/reactor/stop_report.hpp"
#include "procession/messages/runner.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/common/runner_port.hpp"
#include "procession/runner/channel/framed_channel.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace procession {

/// A session of a runner, as the link sees it. Touched on the link's thread.
struct remote_session {
  enum class state {
    /// It was not asked for yet.
    idle,
    /// It waits for the runner to be up.
    queued,
    /// The runner was asked to start it.
    starting,
    running,
    exited,
    /// Nothing more happens.
    over
  };

  state at = state::idle;
  std::uint64_t number = 0;
  /// Empty: nobody wants to know any more.
  child_sink sink;
  /// To be sent when the runner is up.
  command spec;
  /// Whether both outputs are one stream.
  bool merged = false;
  /// Whether the program may yet say that it is ready.
  bool notification_due = false;
  /// Whether it may say that it is stopped.
  bool reports_stops = false;
  bool stopped = false;
  stop_report stops;
  /// What its descendants get to end by themselves.
  caf::timespan leftovers{};
  /// Whether it was asked to end: then it is waited for until it is killed.
  bool asked_to_end = false;
  /// What it may still send.
  std::uint64_t credit = 0;
  std::array<chunk_tail, 2> tails;
  /// Whether all its output came before its exit.
  bool drained = false;
  std::deque<shared_bytes> input;
  std::uint64_t input_under_way = 0;
  /// What becomes of the input.
  enum class writing { open, closing, closed, broken };
  writing input_state = writing::open;
  /// Requests that wait for an answer, the oldest first, and since when.
  std::map<std::uint64_t, std::chrono::steady_clock::time_point> asked;
  std::uint64_t last_asked = 0;
  /// Bytes of output so far, and when it was to be killed.
  std::uint64_t received = 0;
  std::uint64_t received_when_killed = 0;
  /// Its end was waited for twice as long, on account of what still came.
  bool waited_on = false;
  /// Set at the end; read by any thread.
  std::atomic<bool> gone = false;
};

/// Our end of a runner: starts its process, greets it, and is the children that
/// live there. Nothing it hears from there is believed unseen; the first breach
/// of docs/protocol.md ends the runner. It is a state machine without threads
/// or a clock of its own; everything but `work` happens on the work queue.
class runner_connection
  : public std::enable_shared_from_this<runner_connection>,
    public channel_listener {
public:
  using session_ptr = std::shared_ptr<remote_session>;

  /// How many requests of a session may wait for an answer.
  static constexpr std::size_t max_asked = 256;

  /// Called with each change, on the work queue.
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

  // What `child` promises, for one of its sessions.
  void start_session(const session_ptr& x, command spec, std::uint64_t credit,
                     child_sink sink);
  void grant(remote_session& x, std::uint64_t bytes);
  void write(remote_session& x, shared_bytes bytes);
  void close_stdin(remote_session& x);
  void resize(remote_session& x, std::uint64_t request, terminal_size size);
  void signal(remote_session& x, std::uint64_t request, signal_name name);
  void terminate(remote_session& x, signal_name by);
  void kill(remote_session& x);
  void finish(remote_session& x);
  void abandon(remote_session& x);

private:
  runner_connection(std::shared_ptr<executor> work, runner_options options,
                    std::string nonce, observer tell);

  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

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

  /// What a session owes us within a certain time.
  enum class deadline { spawned, answered, exited, closed };

  struct due {
    time_point when;
    std::uint64_t number;
  };

  // The runner's process.
  void on(runner_launched& x);
  void on(runner_connected& x);
  void on(runner_connect_failed& x);
  void on(runner_launch_failed& x);
  void on(runner_said& x);
  void on(runner_exited& x);
  void on(runner_gone& x);

  // The channel. Handlers return the violation of the protocol, or null.
  using protocol_error = const char*;

  void on_frame(frame& x) override;
  void on_end(const failure& why) override;
  void on_broken(const failure& why) override;
  void on_hello(const frame& x);
  protocol_error on_session_frame(remote_session& to, frame& x);
  protocol_error on_spawned(remote_session& to, const frame& x);
  protocol_error on_spawn_failed(remote_session& to, const frame& x);
  protocol_error on_output(remote_session& to, frame& x);
  protocol_error on_input_credit(remote_session& to, const frame& x);
  protocol_error on_input_refused(remote_session& to, const frame& x);
  protocol_error on_input_broken(remote_session& to, const frame& x);
  protocol_error on_notified(remote_session& to, const frame& x);
  protocol_error on_stopped(remote_session& to, const frame& x);
  protocol_error on_continued(remote_session& to, const frame& x);
  protocol_error on_answered(remote_session& to, const frame& x);
  protocol_error on_exited(remote_session& to, const frame& x);
  protocol_error on_closed(remote_session& to, const frame& x);

  void tell();

  // Time.
  void enter(phase next, caf::timespan within = {});
  void expect(deadline what, const remote_session& by);
  bool met(deadline what, const due& x) const;
  caf::timespan time_for(deadline what,
                         const remote_session& by) const noexcept;
  void on_phase_due();
  void on_missed(deadline what, std::uint64_t number);
  void report_stops_later(remote_session& x, std::int32_t signal);
  void report_stops();
  void tick();
  void arm(time_point when);

  // The end.
  bool greeted() const noexcept;
  failure here(std::string text) const;
  void half_ended();
  void lose(failure why);
  void down();

  void send_spawn(remote_session& x);
  void send(frame_type type, const remote_session& x, std::string body = {});
  void pump(remote_session& x);
  void close(remote_session& x, child_event last);
  static void tell(remote_session& x, child_event event);
  template <class Body>
  void ask(remote_session& x, frame_type type, const Body& body);

  std::shared_ptr<executor> work_;
  /// Itself, from the start to the end: it sees its runner out.
  std::shared_ptr<runner_connection> self_;
  runner_options options_;
  std::string nonce_;
  observer tell_;
  bool released_ = false;
  std::unique_ptr<runner_process> process_;
  std::unique_ptr<framed_channel> channel_;
  std::unique_ptr<timer> alarm_;
  time_point armed_ = time_point::max();

  phase phase_ = phase::launching;
  /// Where we are or were on the way up.
  stage stage_ = stage::launch;
  /// When the phase is to be left at the latest.
  time_point phase_due_ = time_point::max();
  runner_info info_;
  /// How its process and its channel ended, once they did.
  std::optional<exit_status> exit_;
  std::optional<failure> channel_end_;
  /// The end of what it said on its standard error.
  std::string log_;

  std::unordered_map<std::uint64_t, session_ptr> sessions_;
  std::uint64_t last_number_ = 0;
  using queue = std::deque<due>;

  static void add(queue& to, due x);

  /// Each in the order of time.
  std::array<queue, 4> debts_;
  /// Sessions whose stops are to be told.
  queue stops_due_;
};

/// Makes children that live in runners.
/// @param choose which runner a session goes to: called on the queue, when the
///               session is started.
std::shared_ptr<child_factory>
make_children(std::shared_ptr<executor> work,
              std::function<std::shared_ptr<runner_connection>()> choose);

} // namespace procession
