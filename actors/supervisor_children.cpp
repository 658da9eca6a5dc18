// The life of one child, from its start to what its end leads to.
#include "procession/actors/supervisor_actor.hpp"

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
  }
  if (!why)
    why = make_error(errc::child_failed, stage::spawn, "no actor was made");
  made = false;
  return sys.spawn([why](caf::event_based_actor* self) { self->quit(why); });
}

caf::error not_in_time(const child_spec& spec) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
    spec.ready_within);
  return make_error(errc::deadline_passed, stage::ready,
                    "it was not ready within " + std::to_string(ms.count())
                      + " ms");
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
  x.ready_since.reset();
  x.alarm = 0;
  if (x.spec.ready_within < caf::timespan{max_timespan})
    set_alarm(x, x.spec.ready_within);
  if (auto* session = std::get_if<session_start>(&x.spec.start))
    start_session(x, *session);
  else
    start_actor(x, std::get<actor_start>(x.spec.start));
}

void supervisor_machine::start_or_wait(child& x) {
  x.alarm = 0;
  if (phase_ == phase::running || phase_ == phase::starting)
    start(x);
  else
    x.state = child_state::waiting;
}

void supervisor_machine::start_session(child& x, const session_start& spec) {
  auto worker = self_->spawn<caf::monitored>(
    supervised_session_behavior, std::make_shared<const session_start>(spec),
    self_->address());
  x.actor = caf::actor_cast<caf::actor>(worker);
  auto number = x.number;
  auto start = x.starts;
  self_->request(worker, caf::infinite, start_atom_v)
    .then(
      [=, this](session& hdl, const session_info& info) {
        auto* y = find_start(number, start);
        if (y == nullptr)
          return;
        y->session = std::move(hdl);
        y->id = info.id;
        y->pid = info.pid;
        y->told = child::known::started;
        tell(event::started, y);
        if (y->state == child_state::starting)
          await_ready(*y);
      },
      [=, this](caf::error& why) {
        if (auto* y = find_start(number, start))
          on_unready(*y, std::move(why));
      });
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
    await_ready(x);
  else
    on_ready(x);
}

void supervisor_machine::await_ready(child& x) {
  auto number = x.number;
  auto start = x.starts;
  auto ready = [=, this] {
    auto* y = find_start(number, start);
    if (y == nullptr || y->state != child_state::starting)
      return;
    on_ready(*y);
    proceed();
  };
  self_->request(x.actor, caf::infinite, wait_atom_v)
    .then(ready, [=, this](caf::error& why) {
      // An answer with something in it is none that was expected.
      if (why == caf::sec::unexpected_response)
        ready();
      else if (auto* y = find_start(number, start))
        on_unready(*y, std::move(why));
    });
}

void supervisor_machine::on_ready(child& x) {
  x.state = child_state::running;
  x.ready_since = self_->clock().now();
  x.alarm = 0;
  x.adding = false;
  tell(event::ready, &x);
  for (auto& waiting : std::exchange(x.until_ready, {}))
    waiting.deliver(info_of(x));
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
  x.alarm = 0;
  if (then != intent::fail)
    tell(event::stopping, &x);
  caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown);
  // A session's own grace counts.
  auto* spec = std::get_if<actor_start>(&x.spec.start);
  if (spec != nullptr && spec->grace < caf::timespan{max_timespan})
    set_alarm(x, spec->grace);
}

void supervisor_machine::on(const child_exit& x) {
  auto* who = find_actor(
    caf::actor_cast<caf::actor_addr>(self_->current_sender()));
  if (who != nullptr && who->told == child::known::started)
    tell_exit(*who, to_string(x.status), x.status);
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
  who.alarm = 0;
  if (who.told == child::known::started)
    tell_exit(who, x.reason ? describe(x.reason) : "normal");
  for (auto& waiting : std::exchange(who.until_down, {}))
    waiting.deliver(caf::unit);
  if (phase_ == phase::ending) {
    who.state = child_state::stopped;
    return proceed();
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
  proceed();
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
  deny(x, why);
  if (x.adding) {
    forget(x);
  } else if (x.starts == 1) {
    // One of those that it was made with.
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
  tell(event::removed, &x);
  std::erase_if(children_, [&](const child_ptr& y) { return y.get() == &x; });
}

void supervisor_machine::deny(child& x, const caf::error& why) {
  for (auto& waiting : std::exchange(x.until_ready, {}))
    waiting.deliver(why);
}

// -- time ---------------------------------------------------------------------

void supervisor_machine::set_alarm(child& x, caf::timespan after) {
  x.alarm = ++last_alarm_;
  self_->send(clock_, alarm_request{after, x.alarm});
}

void supervisor_machine::on(const alarm& x) {
  if (phase_ == phase::pausing && x.number == group_alarm_) {
    phase_ = phase::starting;
    return proceed();
  }
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child_ptr& y) {
                          return y->alarm == x.number;
                        });
  if (i == children_.end())
    return;
  auto& who = **i;
  who.alarm = 0;
  switch (who.state) {
    case child_state::starting:
      return on_unready(who, not_in_time(who.spec));
    case child_state::stopping:
      caf::anon_send_exit(who.actor, caf::exit_reason::kill);
      return;
    case child_state::backing_off:
      start(who);
      return proceed();
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

supervisor_machine::child* supervisor_machine::find_start(std::uint64_t number,
                                                          std::uint64_t start) {
  auto* x = find_number(number);
  return x != nullptr && x->starts == start && x->actor ? x : nullptr;
}

} // namespace procession
