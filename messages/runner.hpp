#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/fwd.hpp"
#include "procession/messages/session.hpp"

#include <cstdint>
#include <string>

namespace procession {

/// The life of a runner; it only ever moves down this list. The one that
/// follows it (`runner_options::restart`) begins anew.
enum class runner_state : std::uint8_t {
  /// Its process is being started.
  launching,
  /// The process, or the command that leads to it, runs.
  connecting,
  /// The channel is open.
  greeting,
  /// Sessions run in it.
  up,
  /// It ends, or is being ended.
  ending,
  /// Nothing of it is left.
  down,
};

/// The state of a runner.
struct runner_info {
  runner_state state = runner_state::launching;
  /// The process that we started; 0 before.
  std::int64_t pid = 0;
  /// The runner's number by its own account, which is another's if a command
  /// led to it (and on another machine means nothing here).
  std::int64_t remote_pid = 0;
  /// Its user by its own account.
  std::string user;
  /// Sessions that are not closed.
  std::uint64_t sessions = 0;
  /// Why it ends or ended: a `failure` in one line.
  failure why;
};

std::string to_string(runner_state x);
std::string to_string(const runner_info& x);

/// @relates runner_info
template <class Inspector>
inspected<Inspector> inspect(Inspector& f, runner_info& x) {
  return inspect_fields(f, x, "runner_info", field("state", x.state),
                        field("pid", x.pid), field("remote_pid", x.remote_pid),
                        field("user", x.user), field("sessions", x.sessions),
                        field("why", x.why));
}

/// A process in another security context that hosts sessions. When it is lost
/// the actor stays, and speaks for the one that follows as soon as there is
/// one. Where none may follow (`runner_options::restart`) the actor ends with
/// the error as its exit reason, which monitors see; if the runner never was up
/// it stays, to tell why.
using runner = typed_actor<
  /// Answered once the runner is up. Errors: why it is not. It starts none.
  caf::result<runner_info>(wait_atom), caf::result<runner_info>(info_atom),
  /// Ends the runner with all its sessions; answered when nothing is left.
  caf::result<runner_info>(terminate_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_runner_handle, 3036)
  CAF_ADD_TYPE_ID(procession_runner_handle, (procession::runner))
CAF_END_TYPE_ID_BLOCK(procession_runner_handle)
