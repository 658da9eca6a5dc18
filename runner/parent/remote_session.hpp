#pragma once

#include "procession/io/reactor/stop_report.hpp"
#include "procession/platform/child.hpp"
#include "procession/runner/channel/framed_channel.hpp"
#include "procession/runner/channel/protocol.hpp"
#include "procession/runner/parent/connection_deadlines.hpp"
#include "procession/runner/parent/remote_input.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace procession {

class runner_connection;

/// One session of a runner, as seen by the parent: a child that lives there. It
/// checks each frame that the runner sends for it, and keeps its credit, its
/// input and its unanswered requests. On the thread of its connection.
class remote_session {
public:
  using deadline = connection_deadlines::kind;

  /// A violation of the protocol, for the author of the runner, or null.
  using protocol_error = const char*;

  /// How many requests may wait for an answer.
  static constexpr std::size_t max_asked = 256;

  remote_session() = default;
  remote_session(const remote_session&) = delete;
  remote_session& operator=(const remote_session&) = delete;

  /// Whether the session is over. Callable from any thread.
  bool gone() const noexcept {
    return gone_;
  }

  std::uint64_t number() const noexcept {
    return number_;
  }

  // The functions of `child`.
  void grant(std::uint64_t bytes);
  void write(shared_bytes bytes);
  void close_stdin();
  void resize(std::uint64_t request, terminal_size size);
  void signal(std::uint64_t request, signal_name name);
  void terminate(signal_name by);
  void kill();
  void finish();
  void abandon();

  // For the connection.

  /// Prepares a session that `spawn` starts later.
  void queue(runner_connection& owner, std::uint64_t number, command spec,
             std::uint64_t credit, child_sink sink);

  /// Ends the session before its start.
  void refuse(failure why, const child_sink& sink);

  /// Asks the runner, which is up, to start the program.
  void spawn();

  /// Handles a frame of this session.
  protocol_error on_frame(frame& x);

  /// Handles a deadline that has passed.
  /// @returns why the runner is given up, if it is.
  std::optional<failure> on_due(deadline what);

  /// Ends the session, because the runner is lost.
  void lose(const failure& why);

private:
  enum class state {
    /// The start was not requested yet.
    idle,
    /// Waiting for the runner to be up.
    queued,
    /// The runner was asked to start the program.
    starting,
    running,
    exited,
    /// Closed: no event follows.
    over
  };

  protocol_error on(const protocol::spawned& x);
  protocol_error on(const protocol::credit& x);
  protocol_error on(protocol::input_refused& x);
  protocol_error on(const protocol::stopped& x);
  protocol_error on(protocol::answered& x);
  protocol_error on(const protocol::exited& x);
  protocol_error on(const protocol::closed& x);
  protocol_error on_spawn_failed(failure& why);
  protocol_error on_output(frame& x);
  protocol_error on_input_credit(std::uint64_t bytes, child_event news);
  protocol_error on_input_broken(failure& why);
  protocol_error on_notified();
  protocol_error on_continued();

  bool runs_or_has_exited() const noexcept {
    return at_ == state::running || at_ == state::exited;
  }

  void expect(deadline what);
  caf::timespan time_for(deadline what) const noexcept;
  void give_up_requests();
  void send(frame_type type, std::string body = {});
  template <class Body>
  void ask(frame_type type, const Body& body);
  void pump();
  void drop_input();
  void stops_changed(std::int32_t signal);
  void report_stops();
  void tell(child_event event);
  void close(child_event last);

  /// Null before the start.
  runner_connection* owner_ = nullptr;
  state at_ = state::idle;
  std::uint64_t number_ = 0;
  /// Empty after `abandon`.
  child_sink sink_;
  /// Kept until the runner is up.
  command spec_;
  /// Whether both outputs are one stream.
  bool merged_ = false;
  /// Whether the program may still report that it is ready.
  bool notification_due_ = false;
  /// Whether the runner may report stops.
  bool reports_stops_ = false;
  bool stopped_ = false;
  stop_report stops_;
  /// Time that descendants get between the request to end and the kill.
  caf::timespan leftovers_grace_{};
  /// Whether the tree was asked to end: its end then has no deadline until the
  /// kill.
  bool asked_to_end_ = false;
  /// Bytes of output that the runner may still send.
  std::uint64_t credit_ = 0;
  std::array<chunk_tail, 2> tails_;
  /// Whether all output preceded the exit.
  bool drained_ = false;
  remote_input input_;
  /// The deadlines of unanswered requests.
  deadlines<std::uint64_t> asked_;
  std::uint64_t last_asked_ = 0;
  /// Bytes of output so far, and their number at the time of the kill.
  std::uint64_t received_ = 0;
  std::uint64_t received_when_killed_ = 0;
  /// Whether the deadline of the exit was extended.
  bool waited_on_ = false;
  std::atomic<bool> gone_ = false;
};

} // namespace procession
