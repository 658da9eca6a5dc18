#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/fwd.hpp"
#include "procession/messages/session.hpp"

#include <cstdint>
#include <string>

namespace procession {

/// The life of a runner; it only moves down this list. Its successor
/// (`runner_options::restart`) begins again at the top.
enum class runner_state : std::uint8_t {
  /// Its process is being started.
  launching,
  /// The process, or the command that starts it, runs.
  connecting,
  /// The channel is open.
  greeting,
  /// It accepts sessions.
  up,
  /// It ends, or is being ended.
  ending,
  /// Nothing is left of it.
  down,
};

/// The state of a runner.
struct runner_info {
  runner_state state = runner_state::launching;
  /// The process that we started; 0 before.
  std::int64_t pid = 0;
  /// The process id that the runner reports: another process's if a command
  /// started the runner, and on another machine meaningless here.
  std::int64_t remote_pid = 0;
  /// The user that the runner reports.
  std::string user;
  /// Number of sessions that are not closed.
  std::uint64_t sessions = 0;
  /// Why it is ending or has ended.
  failure why;
};

// Texts for people and logs.
std::string to_string(runner_state x);
std::string to_string(const runner_info& x);

PROCESSION_INSPECT(runner_info, state, pid, remote_pid, user, sessions, why);

/// A process in another security context that hosts sessions. When it is lost,
/// the actor remains and represents its successor as soon as there is one. If
/// there may be none (`runner_options::restart`), the actor ends with the
/// error as its exit reason, which monitors see; but if the runner was never
/// up, the actor remains and reports why.
using runner = typed_actor<
  /// Answered once the runner is up. Errors: why it is not. Does not start a
  /// runner.
  caf::result<runner_info>(wait_atom),
  /// Answered with the current state of the runner.
  caf::result<runner_info>(info_atom),
  /// Stops the runner and kills its sessions; answered once nothing is left of
  /// it.
  caf::result<runner_info>(stop_atom)>;

} // namespace procession

CAF_BEGIN_TYPE_ID_BLOCK(procession_runner_handle, 3036)
  CAF_ADD_TYPE_ID(procession_runner_handle, (procession::runner))
CAF_END_TYPE_ID_BLOCK(procession_runner_handle)
