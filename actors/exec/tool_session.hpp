#pragma once

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/exec/pending_input.hpp"
#include "procession/actors/exec_tool.hpp"
#include "procession/io/output/merged_output.hpp"
#include "procession/io/pattern_watch.hpp"
#include "procession/io/text/typed_echo.hpp"
#include "procession/messages/caf.hpp"

#include <caf/actor_addr.hpp>
#include <caf/expected.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession {

/// The state that the sessions of an exec tool share. It outlives them.
struct exec_context {
  exec_tool_impl::pointer self;
  exec_tool_options options;
  actor_timer timer;
  /// The number of the last wait or piece of input.
  std::uint64_t last_number = 0;

  actor_timer::time_point now() const {
    return self->clock().now();
  }
};

/// How many requests may wait for the end of a session.
inline constexpr std::size_t max_end_waits = 64;

/// One session of an exec tool: its unread output, the input that the process
/// has not taken, and the requests that wait for it.
class tool_session : private input_listener {
public:
  using time_point = actor_timer::time_point;

  /// @param title the command in one line.
  tool_session(exec_context& at, const exec_request& x, std::string title);
  tool_session(const tool_session&) = delete;
  tool_session& operator=(const tool_session&) = delete;

  const session_id& id() const noexcept {
    return id_;
  }

  session_state state() const noexcept {
    return state_;
  }

  /// Returns when it was closed.
  time_point over() const noexcept {
    return over_;
  }

  /// Returns whether an answer has brought the last of its output, or will do
  /// so.
  bool read() const noexcept {
    return read_ || !terminating_.empty();
  }

  exec_session describe() const;

  // Requests; each result answers the current message.

  /// Begins the wait of the request that starts the session.
  caf::result<exec_result> begin(exec_wait how, pattern_set patterns);
  caf::result<exec_result> write(const exec_input& x, pattern_set patterns);
  caf::result<exec_result> poll(const exec_wait& how, pattern_set patterns);
  void cancel();
  caf::result<exit_status> wait();
  caf::result<exec_result> terminate();

  /// Returns whether one more request to terminate it may wait.
  bool can_terminate() {
    return terminating_.has_room();
  }

  /// Returns the handle to pass a request on to, or the reason to refuse it.
  caf::expected<session> running() const;

  // Events.

  /// @returns whether it must be asked to end now.
  bool on_spawned(session hdl);
  void on_start_failed(caf::error why);
  void on(const started& x);
  void on(const output& x);
  void on(const gap& x);
  void on(const exited& x);
  void on(const closed& x);
  /// The session is gone without having sent `closed`: its machine may be lost.
  void on_lost();
  /// An actor has ended. @returns whether that was the session.
  bool on_down(const caf::actor_addr& who);
  void on_timer();

  /// Ensures that it is ended as soon as it runs. @returns whether it runs now.
  bool end_when_running();

  const session& handle() const noexcept {
    return hdl_;
  }

  /// Returns whether the current message is from the session.
  bool sent_this() const;

  /// Answers all requests to terminate it; the first one gets the unread
  /// output.
  void answer_terminators();
  void fail_terminators(const caf::error& why);

  /// Answers all requests with an error.
  void abandon(const caf::error& why);

private:
  /// The request that waits for output.
  struct reader {
    std::uint64_t number = 0;
    caf::typed_response_promise<exec_result> promise;
    caf::actor_addr who;
    time_point since;
    time_point until;
    /// The texts and expressions to look for, by the index of the pattern.
    std::vector<std::string> wanted;
    std::optional<pattern_match> found;
    bool on_output = false;
    /// Whether it is answered as soon as the session runs.
    bool until_running = false;
    std::uint64_t max_output = 0;
    /// Bytes of its input, and how many of them were taken.
    std::uint64_t sent = 0;
    std::uint64_t written = 0;
  };

  caf::typed_response_promise<exec_result>
  begin_reading(const exec_wait& how, pattern_set patterns,
                const wait_limits& range);
  bool look();
  bool answer_found();
  void hasten();
  void answer(wait_result why);
  void refuse(const caf::error& why);
  void stop_reading();
  exec_result take(wait_result why, std::uint64_t max_output, time_point since);

  std::uint64_t waiting_request() const override;
  void on_input_taken(std::uint64_t request, std::uint64_t bytes) override;
  void on_input_failed(const caf::error& why) override;

  void close();

  exec_context& at_;
  session_id id_;
  std::string title_;
  bool tty_;
  /// Whether it can be written to.
  bool input_open_;
  bool keeps_background_;
  session_state state_ = session_state::starting;
  /// Valid once it runs.
  session hdl_;
  std::int64_t pid_ = 0;
  exit_status status_;
  bool complete_ = true;
  leftovers rest_;
  caf::error start_error_;
  /// It was asked to end while it started.
  bool end_asked_ = false;
  /// An answer has reported that the process has ended.
  bool exit_told_ = false;
  /// An answer has brought the last of its output.
  bool read_ = false;
  merged_output unread_;
  cursor produced_;
  /// Output since the last match or input.
  pattern_watch watch_;
  /// Used for terminals only.
  typed_echo echo_;
  time_point begun_;
  /// Time of the last output or input.
  time_point active_;
  /// Valid in state `closed`.
  time_point over_;
  std::shared_ptr<pending_input> input_;
  std::optional<reader> reading_;
  waiters<exit_status> watching_{max_end_waits};
  waiters<exec_result, time_point> terminating_{max_end_waits};
};

} // namespace procession
