// The life of one child, from its start to what its end leads to.
#include "procession/actors/supervision/supervisor_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace procession {

namespace {

/// Makes the actor of a child; if that fails, one that ends with the error, so
/// that there is one way to go on.
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
    // As with a probe: what is thrown is up to whoever wrote the function.
  }
  if (!why)
    why = make_error(errc::child_failed, stage::spawn, "no actor was made");
  made = false;
  return sys.spawn([why](caf::event_based_actor* self) { self->quit(why); });
}

/// Asks an actor whether it is ready in place of the supervisor.
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

/// How long a child may take to end, when told to, before it is killed. A
/// session sees to that itself; what is added is more than its launch, a
/// process that cannot be killed and a slow subscriber take together.
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

supervisor_machine::child& supervisor_machine::insert(child_spec spec) {
  auto x = std::make_unique<child>();
  x->spec = std::move(spec);
  x->number = ++last_number_;
  children_.push_back(std::move(x));
  return *children_.back();
}

// -- start --------------------------------------------------------------------

void supervisor_machine::start(child& x) {
  ++x.starts;
  x.state = child_state::starting;
  x.then = intent::none;
  x.told = child::known::nothing;
  x.id.clear();
  x.pid = 0;
  x.why = caf::none;
  x.not_yet.clear();
  x.ready_since.reset();
  deadlines_.clear(x.number);
  if (x.spec.ready_within < caf::timespan{max_timespan})
    expect(x, x.spec.ready_within);
  if (auto* session = std::get_if<session_start>(&x.spec.start))
    start_session(x, *session);
  else
    start_actor(x, std::get<actor_start>(x.spec.start));
}

void supervisor_machine::start_or_wait(child& x) {
  deadlines_.clear(x.number);
  if (phase_ == phase::running || phase_ == phase::starting)
    start(x);
  else
    x.state = child_state::waiting;
}

void supervisor_machine::start_session(child& x, const session_start& spec) {
  auto made = self_->spawn<caf::monitored>(
    supervised_session_behavior, std::make_shared<const session_start>(spec),
    reporter{self_->address(), x.number, x.starts});
  x.actor = caf::actor_cast<caf::actor>(made);
}

void supervisor_machine::start_actor(child& x, const actor_start& spec) {
  auto made = false;
  x.actor = make_actor(self_->system(), spec, made);
  self_->monitor(x.actor);
  if (!made)
    return;
  x.told = child::known::started;
  tell(event::started, &x);
  if (spec.answers)
    self_->spawn(ask_whether_ready, x.actor,
                 reporter{self_->address(), x.number, x.starts});
  else
    on_ready(x);
}

void supervisor_machine::on(child_report& x) {
  auto* who = find_number(x.child);
  if (who != nullptr && who->starts == x.start && who->actor)
    std::visit([&](auto& what) { on(*who, what); }, x.what);
}

void supervisor_machine::on(child& x, child_report::started& what) {
  x.session = std::move(what.session);
  x.id = std::move(what.id);
  x.pid = what.pid;
  x.told = child::known::started;
  tell(event::started, &x);
}

void supervisor_machine::on(child& x, child_report::ready) {
  // One that was told to end need not get ready.
  if (x.state != child_state::starting)
    return;
  on_ready(x);
  advance();
}

void supervisor_machine::on(child& x, child_report::unready& what) {
  on_unready(x, std::move(what.why));
}

void supervisor_machine::on(child& x, child_report::not_yet& what) {
  x.not_yet = std::move(what.why);
}

void supervisor_machine::on(child& x, child_report::exited& what) {
  if (x.told == child::known::started)
    tell_exit(x, to_string(what.status), what.status);
}

void supervisor_machine::on_ready(child& x) {
  x.state = child_state::running;
  x.ready_since = self_->clock().now();
  deadlines_.clear(x.number);
  x.adding = false;
  tell(event::ready, &x);
  x.until_ready.deliver(info_of(x));
}

void supervisor_machine::on_unready(child& x, caf::error why) {
  // One that was told to end need not get ready.
  if (x.state != child_state::starting)
    return;
  x.why = std::move(why);
  tell(event::start_failed, &x, describe(x.why));
  stop(x, intent::fail);
}

// -- end ----------------------------------------------------------------------

void supervisor_machine::stop(child& x, intent then) {
  x.then = then;
  if (x.state == child_state::stopping)
    return;
  x.state = child_state::stopping;
  deadlines_.clear(x.number);
  if (then != intent::fail)
    tell(event::stopping, &x);
  caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown);
  if (auto patience = patience_of(x.spec); patience < max_timespan)
    expect(x, patience);
}

void supervisor_machine::on_down(const caf::down_msg& x) {
  feed_.remove(x.source);
  auto* found = find_actor(x.source);
  if (found == nullptr)
    return;
  auto& who = *found;
  auto state = who.state;
  auto then = std::exchange(who.then, intent::none);
  auto success = !x.reason || x.reason == caf::exit_reason::user_shutdown;
  who.actor = nullptr;
  who.session = nullptr;
  deadlines_.clear(who.number);
  if (who.told == child::known::started)
    tell_exit(who, x.reason ? describe(x.reason) : "normal");
  else if (who.told == child::known::nothing && state == child_state::stopping
           && then != intent::fail)
    tell(event::start_failed, &who, "it was stopped before it ran");
  who.until_down.deliver();
  if (phase_ == phase::ending) {
    who.state = child_state::stopped;
    return advance();
  }
  switch (then) {
    case intent::none:
      if (state != child_state::starting) {
        on_end(who, success);
        break;
      }
      who.why = x.reason;
      if (success)
        who.why = make_error(errc::child_failed, stage::ready,
                             "it ended before it was ready");
      tell(event::start_failed, &who, describe(who.why));
      on_start_failed(who);
      break;
    case intent::fail:
      on_start_failed(who);
      break;
    case intent::restart:
      start_or_wait(who);
      break;
    case intent::wait:
      if (who.spec.restart == restart_kind::temporary && !who.adding)
        forget(who);
      else
        who.state = child_state::waiting;
      break;
    case intent::stay:
      who.state = child_state::stopped;
      break;
    case intent::forget:
      forget(who);
      break;
  }
  advance();
}

void supervisor_machine::on_end(child& x, bool success) {
  switch (x.spec.restart) {
    case restart_kind::permanent:
      return fail(x);
    case restart_kind::transient:
      if (!success)
        return fail(x);
      x.state = child_state::finished;
      return;
    case restart_kind::temporary:
      return forget(x);
  }
}

void supervisor_machine::on_start_failed(child& x) {
  auto why = std::exchange(x.why, caf::none);
  x.last_end = describe(why);
  x.until_ready.fail(why);
  if (x.adding) {
    forget(x);
  } else if (x.starts == 1 && x.number == turn_) {
    // One of those that it was made with, and nobody asked for it since.
    x.state = child_state::stopped;
    auto detail = detail_of(why);
    auto code = detail.at == stage::none ? errc::child_failed
                                         : static_cast<errc>(why.code());
    give_up(make_error(code,
                       detail.at == stage::none ? stage::ready : detail.at,
                       "child '" + x.spec.name + "' did not come up: "
                         + (detail.text.empty() ? describe(why) : detail.text),
                       detail.os_code));
  } else if (x.spec.restart == restart_kind::temporary) {
    forget(x);
  } else {
    fail(x);
  }
}

void supervisor_machine::forget(child& x) {
  deny_stopped(x);
  tell(event::removed, &x);
  deadlines_.clear(x.number);
  std::erase_if(children_, [&](const child_ptr& y) { return y.get() == &x; });
}

void supervisor_machine::deny_stopped(child& x) {
  x.until_ready.fail(make_error(errc::child_failed, stage::ready,
                                "child '" + x.spec.name + "' was stopped"));
}

// -- time ---------------------------------------------------------------------

void supervisor_machine::expect(const child& x, caf::timespan after) {
  auto when = self_->clock().now() + after;
  deadlines_.set(x.number, when);
  timer_.fire_at(when);
}

void supervisor_machine::on_timer() {
  if (!timer_.fired())
    return;
  auto now = self_->clock().now();
  while (auto missed = deadlines_.take_due(now)) {
    if (*missed == the_group) {
      phase_ = phase::starting;
      advance();
    } else if (auto* x = find_number(*missed)) {
      on_missed(*x);
    }
  }
  if (auto next = deadlines_.next())
    timer_.fire_at(*next);
}

void supervisor_machine::on_missed(child& x) {
  switch (x.state) {
    case child_state::starting:
      return on_unready(x, not_in_time(x.spec, x.not_yet));
    case child_state::stopping:
      caf::anon_send_exit(x.actor, caf::exit_reason::kill);
      return;
    case child_state::backing_off:
      start(x);
      return advance();
    case child_state::waiting:
    case child_state::running:
    case child_state::finished:
    case child_state::stopped:
      return;
  }
}

// -- who ----------------------------------------------------------------------

supervisor_machine::child*
supervisor_machine::find_number(std::uint64_t number) {
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child_ptr& x) {
                          return x->number == number;
                        });
  return i != children_.end() ? i->get() : nullptr;
}

supervisor_machine::child*
supervisor_machine::find_actor(const caf::actor_addr& who) {
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child_ptr& x) { return x->actor == who; });
  return i != children_.end() ? i->get() : nullptr;
}

} // namespace procession
