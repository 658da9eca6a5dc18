#pragma once

#include "procession/io/reactor/stop_report.hpp"
#include "procession/platform/child.hpp"
#include "procession/runner/channel/framed_channel.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>

namespace procession {

class runner_connection;

/// One session of a runner, as its parent sees it: a child that lives there. It
/// checks each frame that the runner sends for it, and keeps its credit, its
/// input and the requests that wait for an answer. On the thread of its
/// connection.
class remote_session {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A violation of the protocol, for its author; null: none.
  using protocol_error = const char*;

  /// What the runner has to say of it within a certain time.
  enum class deadline { spawned, answered, exited, closed };

  /// How many requests may wait for an answer.
  static constexpr std::size_t max_asked = 256;

  remote_session() = default;
  remote_session(const remote_session&) = delete;
  remote_session& operator=(const remote_session&) = delete;

  /// Whether nothing more happens. From any thread.
  bool gone() const noexcept {
    return gone_;
  }

  std::uint64_t number() const noexcept {
    return number_;
  }

  // What `child` promises.
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

  /// It will be started in that runner, under that number, by `spawn`.
  void queue(runner_connection& owner, std::uint64_t number, command spec,
             std::uint64_t credit, child_sink sink);

  /// It will not be started.
  void refuse(failure why, const child_sink& sink);

  /// The runner is up.
  void spawn();

  /// A frame for it has come.
  protocol_error on_frame(frame& x);

  /// The runner is lost.
  void lose(const failure& why);

  /// Tells of stops, if it is time to.
  void report_stops(time_point now);

  /// Whether the runner has said what was expected by `due`.
  /// @param answer_time how long an answer may take.
  bool has_met(deadline what, time_point due, caf::timespan answer_time) const;

  /// How long its end may take after its process has ended.
  caf::timespan closing_time() const noexcept;

  /// The oldest request was not answered. @returns since when the next one
  /// waits; `time_point::max()`: there is none.
  time_point give_up_request(failure why);

  /// Whether its exit is waited for once more, on account of output that came
  /// since it was to be killed.
  bool waits_once_more() noexcept;

private:
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

  /// What becomes of the input.
  enum class writing { open, closing, closed, broken };

  protocol_error on_spawned(const frame& x);
  protocol_error on_spawn_failed(const frame& x);
  protocol_error on_output(frame& x);
  protocol_error on_input_credit(const frame& x);
  protocol_error on_input_refused(const frame& x);
  protocol_error on_input_broken(const frame& x);
  protocol_error on_notified(const frame& x);
  protocol_error on_stopped(const frame& x);
  protocol_error on_continued(const frame& x);
  protocol_error on_answered(const frame& x);
  protocol_error on_exited(const frame& x);
  protocol_error on_closed(const frame& x);

  bool runs_or_has_exited() const noexcept {
    return at_ == state::running || at_ == state::exited;
  }

  void send(frame_type type, std::string body = {});
  template <class Body>
  void ask(frame_type type, const Body& body);
  void pump();
  void report_stop(std::int32_t signal);
  void tell(child_event event);
  void close(child_event last);

  /// Null before the start.
  runner_connection* owner_ = nullptr;
  state at_ = state::idle;
  std::uint64_t number_ = 0;
  /// Empty: nobody wants to know any more.
  child_sink sink_;
  /// To be sent when the runner is up.
  command spec_;
  /// Whether both outputs are one stream.
  bool merged_ = false;
  /// Whether the program may yet say that it is ready.
  bool notification_due_ = false;
  /// Whether it may say that it is stopped.
  bool reports_stops_ = false;
  bool stopped_ = false;
  stop_report stops_;
  /// What its descendants get to end by themselves.
  caf::timespan leftovers_grace_{};
  /// Whether it was asked to end: then it is waited for until it is killed.
  bool asked_to_end_ = false;
  /// What it may still send.
  std::uint64_t credit_ = 0;
  std::array<chunk_tail, 2> tails_;
  /// Whether all its output came before its exit.
  bool drained_ = false;
  std::deque<shared_bytes> input_;
  std::uint64_t input_under_way_ = 0;
  writing input_state_ = writing::open;
  /// Requests that wait for an answer, the oldest first, and since when.
  std::map<std::uint64_t, time_point> asked_;
  std::uint64_t last_asked_ = 0;
  /// Bytes of output so far, and when it was to be killed.
  std::uint64_t received_ = 0;
  std::uint64_t received_when_killed_ = 0;
  /// Its end was waited for twice as long, on account of what still came.
  bool waited_on_ = false;
  std::atomic<bool> gone_ = false;
};

} // namespace procession
