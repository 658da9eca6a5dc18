#include "procession/actors/session_port.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/stateful_actor.hpp>

namespace procession {

namespace {

struct port_state {
  static inline const char* name = "procession.session_port";

  session whom;

  ~port_state() {
    if (whom)
      caf::anon_send_exit(whom, caf::exit_reason::user_shutdown);
  }
};

caf::behavior port_behavior(caf::stateful_actor<port_state>* self) {
  return {[self](const port_task& what) { what(self, state_of(self).whom); }};
}

} // namespace

session_port::session_port(const spawner& where)
  : actor_(where.home_system().spawn(port_behavior)), where_(where) {
  // nop
}

session_port::~session_port() {
  caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
}

void session_port::start(command what, callback<session_info> done) {
  what.unsubscribed = unsubscribed_policy::pause;
  // If the actor ends during the start, only its ownership ends the session.
  what.owner = ownership::sender;
  // The session is retained until the actor releases it.
  what.limits.retention = max_timespan;
  post([what = std::move(what), done = std::move(done),
        where = where_](caf::event_based_actor* self, session& whom) {
    auto failed = [done](const caf::error& why) { done(to_failure(why)); };
    self->request(where, caf::infinite, spawn_atom_v, what)
      .then(
        [self, &whom, done](session& made) {
          whom = std::move(made);
          ask_for<session_info>(self, whom, done, info_atom_v);
        },
        failed);
  });
}

void session_port::post(port_task what) {
  caf::anon_send(actor_, std::move(what));
}

failure session_port::to_failure(const caf::error& x) {
  if (auto ours = failure_of(x))
    return std::move(*ours);
  return {errc::no_such_session,
          {stage::none, 0, "the session is gone: " + describe(x)}};
}

} // namespace procession
