#pragma once

#include "procession/actors/session_actor.hpp"
#include "procession/io/line_matcher.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <memory>
#include <optional>

namespace procession {

/// Tells the supervisor, the sender's, how its session has ended; more of its
/// output may come.
struct child_exit {
  exit_status status;
};

/// What a probe found.
struct probe_answer {
  std::optional<failure> why_not;
};

/// It is time to look again.
struct probe_again {};

/// The session is not closed in time.
struct close_overdue {};

} // namespace procession

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::child_exit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::probe_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::probe_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::close_overdue)

namespace procession {

/// A session as the child of a supervisor. It owns the session, and ends when
/// nothing of that is left, or, if the session's subscribers are slow, some
/// time after the process: with `normal` after success, with `user_shutdown`
/// when it was told to end by an exit message, else with an error.
using supervised_session = caf::typed_actor<
  /// Starts it; answered once the program runs.
  caf::replies_to<start_atom>::with<session, session_info>,
  /// Answered once it is ready. Errors: why it never will be.
  caf::replies_to<wait_atom>::with<void>>;

/// What the session and the probe tell it besides.
using supervised_session_impl = supervised_session::extend<
  caf::reacts_to<output>, caf::reacts_to<gap>, caf::reacts_to<exited>,
  caf::reacts_to<closed>, caf::reacts_to<probe_answer>,
  caf::reacts_to<probe_again>, caf::reacts_to<close_overdue>>;

/// The state machine of it.
class supervised_session_machine {
public:
  static constexpr const char* name = "procession.supervised_session";

  using pointer
    = supervised_session_impl::stateful_pointer<supervised_session_machine>;

  explicit supervised_session_machine(pointer self);
  supervised_session_machine(const supervised_session_machine&) = delete;
  supervised_session_machine& operator=(const supervised_session_machine&)
    = delete;
  ~supervised_session_machine();

  /// @param supervisor reacts to `child_exit`.
  supervised_session_impl::behavior_type
  make_behavior(std::shared_ptr<const session_start> spec,
                caf::actor_addr supervisor);

private:
  enum class state {
    idle,
    starting,
    /// The program runs; others must not rely on it yet.
    unready,
    ready,
    /// The process has ended.
    exited
  };

  caf::result<session, session_info> start();
  caf::result<void> wait_ready();

  void on_spawned(session hdl);
  void on_exited(const session_info& x);
  void on_closed();
  void on_exit_request(caf::exit_msg& x);

  void watch();
  void look();
  void on(const probe_answer& x);
  void on(const output& x);
  void on(const gap& x);

  void become_ready();
  void stop();
  void terminate();
  void end(caf::error reason);

  pointer self_;
  std::shared_ptr<const session_start> spec_;
  caf::actor_addr supervisor_;
  state state_ = state::idle;
  /// It was told to end.
  bool stopping_ = false;
  session session_;
  /// The reason to end with.
  caf::error reason_;
  std::optional<std::array<line_matcher, 2>> matchers_;
  caf::timespan probe_pause_{};
  /// Why it never will be ready.
  caf::error never_ready_;
  caf::typed_response_promise<session, session_info> starting_;
  std::optional<caf::response_promise> waiting_;
};

/// The behavior of it.
supervised_session_impl::behavior_type supervised_session_behavior(
  supervised_session_impl::stateful_pointer<supervised_session_machine> self,
  std::shared_ptr<const session_start> spec, caf::actor_addr supervisor);

} // namespace procession
