#include "procession/actors/supervision/supervised_child.hpp"

#include "procession/actors/supervision/supervised_session.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <exception>
#include <utility>

namespace procession {

namespace {

/// Creates the actor of a child. If that fails, creates an actor that ends with
/// the error, so that both cases continue in the same way.
caf::actor make_actor(caf::actor_system& sys, const actor_start& spec,
                      bool& made) {
  caf::error why;
  try {
    if (auto result = spec.make(sys); result && *result) {
      made = true;
      return std::move(*result);
    } else if (!result) {
      why = result.error();
    }
  } catch (const std::exception& e) {
    why = make_error(errc::child_failed, stage::spawn, e.what());
  } catch (...) {
    // The user's function may throw anything, like a probe.
  }
  if (!why)
    why = make_error(errc::child_failed, stage::spawn, "no actor was made");
  made = false;
  return sys.spawn([why](caf::event_based_actor* self) { self->quit(why); });
}

/// Asks an actor, in place of the supervisor, whether it is ready.
void ask_whether_ready(caf::event_based_actor* self, const caf::actor& whom,
                       const reporter& report) {
  self->request(whom, caf::infinite, wait_atom_v)
    .then([=] { report(self, child_report::ready{}); },
          [=](caf::error& why) {
            // A non-empty reply arrives as `unexpected_response`; it means
            // ready, too.
            if (why == caf::sec::unexpected_response)
              report(self, child_report::ready{});
            else
              report(self, child_report::unready{std::move(why)});
          });
}

/// Returns how long a child may take to end, when told to, before it is killed.
/// A session has its own limits; the margin covers its launch, a process that
/// cannot be killed and a slow subscriber, all together.
caf::timespan patience_of(const child_spec& x) {
  if (auto* actor = std::get_if<actor_start>(&x.start))
    return actor->grace;
  auto& kill = std::get<session_start>(x.start).what.kill;
  return kill.grace + kill.drain_timeout + std::chrono::minutes{2};
}

caf::error not_in_time(const child_spec& spec, const std::string& why) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
    spec.ready_within);
  return make_error(errc::deadline_passed, stage::ready,
                    "it was not ready within " + std::to_string(ms.count())
                      + " ms" + (why.empty() ? why : ": " + why));
}

} // namespace

void supervision_context::expect(std::uint64_t number, caf::timespan after) {
  auto when = self->clock().now() + after;
  due.set(number, when);
  timer.fire_at(when);
}

supervised_child::supervised_child(supervision_context& at,
                                   std::uint64_t number, child_spec spec)
  : at_(at), number_(number), spec_(std::move(spec)) {
  // nop
}

child_info supervised_child::info() const {
  child_info result;
  result.name = spec_.name;
  result.state = state_;
  result.restart = spec_.restart;
  result.starts = starts_;
  result.session = session_;
  result.id = id_;
  result.pid = pid_;
  if (std::holds_alternative<actor_start>(spec_.start))
    result.actor = actor_;
  result.last_end = last_end_;
  return result;
}

void supervised_child::tell(event what, std::string why, caf::timespan delay,
                            const exit_status& status) const {
  supervisor_event x;
  x.what = what;
  x.child = spec_.name;
  x.start = starts_;
  x.id = id_;
  x.pid = pid_;
  x.status = status;
  x.why = std::move(why);
  x.delay = delay;
  at_.feed.publish(std::move(x));
}

void supervised_child::tell_exit(std::string how, const exit_status& status) {
  told_ = known::exited;
  last_end_ = how;
  tell(event::exited, std::move(how), caf::timespan::zero(), status);
  pid_ = 0;
}

// -- requests that wait -------------------------------------------------------

caf::result<child_info> supervised_child::wait_ready(bool adds) {
  adding_ = adding_ || adds;
  return until_ready_.add(at_.self, stage::supervise);
}

void supervised_child::deny_stopped() {
  refuse_ready(make_error(errc::child_failed, stage::ready,
                          "child '" + spec_.name + "' was stopped"));
}

void supervised_child::abandon(const caf::error& why) {
  if (actor_)
    caf::anon_send_exit(actor_, caf::exit_reason::kill);
  until_ready_.fail(why);
  until_down_.deliver();
}

// -- start --------------------------------------------------------------------

void supervised_child::start() {
  ++starts_;
  state_ = child_state::starting;
  then_ = intent::none;
  told_ = known::nothing;
  id_.clear();
  pid_ = 0;
  why_ = caf::none;
  not_yet_.clear();
  ready_since_.reset();
  at_.due.clear(number_);
  if (spec_.ready_within < caf::timespan{max_timespan})
    at_.expect(number_, spec_.ready_within);
  if (auto* session = std::get_if<session_start>(&spec_.start))
    actor_ = caf::actor_cast<caf::actor>(
      supervised_session_machine::spawn_in<caf::monitored>(
        *at_.self, std::make_shared<const session_start>(*session),
        reporter{at_.self->address(), number_, starts_}));
  else
    start_actor(std::get<actor_start>(spec_.start));
}

void supervised_child::start_actor(const actor_start& spec) {
  auto made = false;
  actor_ = make_actor(at_.self->system(), spec, made);
  at_.self->monitor(actor_);
  if (!made)
    return;
  told_ = known::started;
  tell(event::started);
  if (spec.answers)
    at_.self->spawn(ask_whether_ready, actor_,
                    reporter{at_.self->address(), number_, starts_});
  else
    on_ready();
}

bool supervised_child::on(child_report& x) {
  if (starts_ != x.start || !actor_)
    return false;
  auto before = state_;
  if (auto* session = std::get_if<child_report::started>(&x.what)) {
    session_ = std::move(session->session);
    id_ = std::move(session->id);
    pid_ = session->pid;
    told_ = known::started;
    tell(event::started);
  } else if (std::holds_alternative<child_report::ready>(x.what)) {
    // A child that was told to end need not get ready.
    if (state_ == child_state::starting)
      on_ready();
  } else if (auto* bad = std::get_if<child_report::unready>(&x.what)) {
    on_unready(std::move(bad->why));
  } else if (auto* probe = std::get_if<child_report::not_yet>(&x.what)) {
    not_yet_ = std::move(probe->why);
  } else if (auto* end = std::get_if<child_report::exited>(&x.what)) {
    if (told_ == known::started)
      tell_exit(to_string(end->status), end->status);
  }
  return before == child_state::starting && state_ == child_state::running;
}

void supervised_child::on_ready() {
  state_ = child_state::running;
  ready_since_ = at_.self->clock().now();
  at_.due.clear(number_);
  adding_ = false;
  tell(event::ready);
  until_ready_.deliver(info());
}

void supervised_child::on_unready(caf::error why) {
  if (state_ != child_state::starting)
    return;
  why_ = std::move(why);
  tell_start_failed();
  stop(intent::fail);
}

caf::error supervised_child::fail_start() {
  auto why = std::exchange(why_, caf::none);
  last_end_ = describe(why);
  until_ready_.fail(why);
  return why;
}

// -- end ----------------------------------------------------------------------

void supervised_child::stop(intent then) {
  then_ = then;
  if (state_ == child_state::stopping)
    return;
  state_ = child_state::stopping;
  at_.due.clear(number_);
  if (then != intent::fail)
    tell(event::stopping);
  caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
  if (auto patience = patience_of(spec_); patience < max_timespan)
    at_.expect(number_, patience);
}

supervised_child::ending supervised_child::on_down(const caf::error& reason) {
  ending result{state_, std::exchange(then_, intent::none),
                !reason || reason == caf::exit_reason::user_shutdown};
  actor_ = nullptr;
  session_ = nullptr;
  at_.due.clear(number_);
  if (told_ == known::started)
    tell_exit(reason ? describe(reason) : "normal");
  else if (told_ == known::nothing && state_ == child_state::stopping
           && result.then != intent::fail)
    tell(event::start_failed, "it was stopped before it ran");
  until_down_.deliver();
  if (result.then == intent::none && state_ == child_state::starting)
    why_ = result.success ? make_error(errc::child_failed, stage::ready,
                                       "it ended before it was ready")
                          : reason;
  return result;
}

void supervised_child::rest(child_state state) {
  at_.due.clear(number_);
  state_ = state;
}

void supervised_child::back_off(caf::timespan pause) {
  state_ = child_state::backing_off;
  tell(event::backing_off, {}, pause);
  at_.expect(number_, pause);
}

caf::timespan supervised_child::next_pause(jitter_source& chance) {
  if (ready_since_
      && at_.self->clock().now() - *ready_since_ >= spec_.pause.reset_after)
    failures_ = 0;
  return procession::next_pause(spec_.pause, failures_++, chance);
}

void supervised_child::on_missed() {
  if (state_ == child_state::starting)
    on_unready(not_in_time(spec_, not_yet_));
  else if (state_ == child_state::stopping)
    caf::anon_send_exit(actor_, caf::exit_reason::kill);
  else if (state_ == child_state::backing_off)
    start();
}

} // namespace procession
