#pragma once

#include "procession/messages/caf.hpp"
#include "procession/messages/expected.hpp"
#include "procession/messages/session.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/unit.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace procession {

/// A function that is called inside the actor of a `session_port` with the
/// session.
using port_task
  = std::function<void(caf::event_based_actor* self, session& whom)>;

} // namespace procession

PROCESSION_BEGIN_LOCAL(procession_session_port, 3024)
  PROCESSION_LOCAL(procession_session_port, procession::port_task)
PROCESSION_END_LOCAL(procession_session_port)

namespace procession {

/// One session for a program with its own event loop: every request returns at
/// once and is answered by a callback. `asio_process` uses it for Boost.Asio;
/// any other loop only needs a way to continue the callback on its own thread.
///
///     session_port port{host.spawner()};
///     port.start({.program = "make"}, [&loop](auto result) {
///       loop.post([result] { ... });
///     });
///
/// Callbacks run on a worker thread of CAF, one at a time and in the order of
/// the answers; they must not block or throw. A callback may still run shortly
/// after the destructor has returned; requests that are not answered by then
/// never are. The object must not outlive the actor system of its spawner. All
/// functions may be called from any thread.
class session_port {
public:
  /// Gets the answer to a request, or its error.
  template <class T>
  using callback = std::function<void(expected<T>)>;

  /// Creates a port without a session; see `start`.
  explicit session_port(const spawner& where);
  session_port(const session_port&) = delete;
  session_port& operator=(const session_port&) = delete;

  /// Kills the tree of the process in the background.
  ~session_port();

  /// Starts the session. May be called at most once. The session belongs to
  /// this object, and pauses (`unsubscribed_policy::pause`) at
  /// `session_limits::retained` unread bytes.
  void start(command what, callback<session_info> done);

  /// Sends a request of the interface of `session` and passes its answer to
  /// `done`. `T` is the type of the answer, `caf::unit_t` if it has no content.
  template <class T, class... Ts>
  void ask(callback<T> done, Ts... xs) {
    post([done = std::move(done),
          ... xs = std::move(xs)](caf::event_based_actor* self, session& whom) {
      ask_for<T>(self, whom, done, xs...);
    });
  }

private:
  template <class T, class... Ts>
  static void ask_for(caf::event_based_actor* self, const session& whom,
                      const callback<T>& done, const Ts&... xs) {
    if (!whom)
      return done(failure{errc::no_such_session,
                          {stage::none, 0, "no process was started"}});
    auto failed = [done](const caf::error& why) { done(to_failure(why)); };
    if constexpr (std::is_same_v<T, caf::unit_t>)
      self->request(whom, caf::infinite, xs...)
        .then([done] { done(caf::unit); }, failed);
    else
      self->request(whom, caf::infinite, xs...)
        .then([done](T& x) { done(std::move(x)); }, failed);
  }

  void post(port_task what);
  /// Converts an error. An error of CAF itself means that the session is gone.
  static failure to_failure(const caf::error& x);

  caf::actor actor_;
  spawner where_;
};

} // namespace procession
