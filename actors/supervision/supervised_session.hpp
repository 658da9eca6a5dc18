#pragma once

#include "procession/actors/common/state_machine.hpp"
#include "procession/actors/expect.hpp"
#include "procession/actors/supervision/child_report.hpp"
#include "procession/messages/caf.hpp"
#include "procession/messages/supervisor.hpp"

#include <caf/actor_clock.hpp>

#include <memory>
#include <optional>
#include <string>

namespace procession {

/// The result of a probe.
struct probe_answer {
  /// Empty if the probe found the session ready.
  std::optional<failure> why_not;
};

/// Tells the actor to probe again.
struct probe_again {};

/// Tells the actor to check whether the session should be closed by now.
struct close_check {};

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_supervised_session, 3032)
  PROCESSION_LOCAL(procession_supervised_session, procession::probe_answer)
  PROCESSION_LOCAL(procession_supervised_session, procession::probe_again)
  PROCESSION_LOCAL(procession_supervised_session, procession::close_check)
PROCESSION_END_LOCAL(procession_supervised_session)

namespace procession {

/// An actor that runs a session as the child of a supervisor and reports to
/// that. It owns the session. It ends when the session is closed or, if the
/// session's subscribers are slow, some time after the process: with `normal`
/// after success, with `user_shutdown` if an exit message told it to end,
/// otherwise with an error.
using supervised_session
  = typed_actor<caf::result<void>(started), caf::result<void>(output),
                caf::result<void>(gap), caf::result<void>(stopped),
                caf::result<void>(continued), caf::result<void>(exited),
                caf::result<void>(closed), caf::result<void>(probe_answer),
                caf::result<void>(probe_again), caf::result<void>(close_check)>;

/// The state machine of a `supervised_session`.
class supervised_session_machine
  : public state_machine<supervised_session, supervised_session_machine> {
public:
  static constexpr const char* name = "procession.supervised_session";

  using state_machine::state_machine;
  ~supervised_session_machine();

  /// Starts the session.
  supervised_session::behavior_type
  make_behavior(std::shared_ptr<const session_start> spec, reporter report);

private:
  enum class state {
    starting,
    /// The program runs; others must not rely on it yet.
    unready,
    ready,
    /// The program can no longer become ready.
    never_ready,
    /// The process has ended.
    exited
  };

  void on_spawned(session hdl);
  void on(const started& x);
  void on(const exited& x);
  void on_exit_request(caf::exit_msg& x);

  void watch();
  void look();
  void on(const probe_answer& x);
  void on(const output& x);
  void on(const gap& x);

  void become_ready();
  void not_ready_any_more();
  void on_closed();
  void on_lost(caf::error why);
  void tell_exit();
  void terminate();
  void check_close();

  std::shared_ptr<const session_start> spec_;
  reporter report_;
  state state_ = state::starting;
  /// It was told to end.
  bool stopping_ = false;
  session session_;
  /// How the process ended, once it has. It is reported after all that came
  /// before the end is known.
  std::optional<exit_status> exit_;
  /// Whether the session is closed.
  bool closed_ = false;
  /// The reason to end with.
  caf::error reason_;
  std::optional<expect_buffer> watch_;
  /// The session when its program began to run, for the probe.
  session_info info_;
  caf::timespan probe_pause_{};
  /// The last answer of the probe; empty if there was none.
  std::string why_not_;
  /// When the session that has exited must be closed.
  caf::actor_clock::time_point close_due_{};
};

} // namespace procession
