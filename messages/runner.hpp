#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/session.hpp"

#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

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

/// What is known of a runner.
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
typename Inspector::result_type inspect(Inspector& f, runner_info& x) {
  return f(caf::meta::type_name("runner_info"), x.state, x.pid, x.remote_pid,
           x.user, x.sessions, x.why);
}

/// A process in another security context that hosts sessions. When it is lost
/// the actor stays, and speaks for the one that follows as soon as there is
/// one. Where none may follow (`runner_options::restart`) the actor ends with
/// the error as its exit reason, which monitors see; if the runner never was up
/// it stays, to tell why.
using runner = caf::typed_actor<
  /// Answered once the runner is up. Errors: why it is not. It starts none.
  caf::replies_to<wait_atom>::with<runner_info>,
  caf::replies_to<info_atom>::with<runner_info>,
  /// Ends the runner with all its sessions; answered when nothing is left.
  caf::replies_to<terminate_atom>::with<runner_info>>;

} // namespace procession
