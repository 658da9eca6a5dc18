#include "procession/actors/supervisor.hpp"

#include "procession/actors/supervision/supervisor_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace procession {

namespace {

caf::error no_such_child(const std::string& name) {
  return make_error(errc::no_such_child, stage::supervise,
                    "there is no child '" + name + "'");
}

failure duplicate_child(const std::string& name) {
  return {errc::duplicate_child,
          {stage::supervise, 0, "there is a child '" + name + "' already"}};
}

std::optional<failure> validate(const std::vector<child_spec>& children,
                                const supervisor_options& options) {
  if (auto bad = validate(options.intensity))
    return bad;
  if (options.retained_events == 0)
    return failure{errc::invalid_argument,
                   {stage::validate, 0, "no event would be retained"}};
  for (auto i = children.begin(); i != children.end(); ++i) {
    if (auto bad = validate(*i))
      return bad;
    auto same_name = [&](const child_spec& x) { return x.name == i->name; };
    if (std::any_of(children.begin(), i, same_name))
      return duplicate_child(i->name);
  }
  return std::nullopt;
}

supervisor_impl::behavior_type
supervisor_behavior(stateful_impl<supervisor_impl, supervisor_machine>* self,
                    std::vector<child_spec> children,
                    supervisor_options options) {
  return state_of(self).make_behavior(std::move(children), options);
}

} // namespace

supervisor_machine::supervisor_machine(pointer self)
  : self_(self), restarts_(restart_intensity{}), feed_(0) {
  // nop
}

void supervisor_machine::say_last() {
  for (auto& x : children_)
    if (x->actor)
      caf::anon_send_exit(x->actor, caf::exit_reason::kill);
  // However the actor comes to its end, a promise that is dropped tells nobody.
  auto why = why_ended();
  for (auto& x : children_) {
    x->until_ready.fail(why);
    x->until_down.deliver();
  }
  until_up_.fail(why);
  until_over_.fail(why);
  finish_events(nullptr, "killed");
}

supervisor_impl::behavior_type
supervisor_machine::make_behavior(std::vector<child_spec> children,
                                  supervisor_options options) {
  options_ = options;
  restarts_ = restart_window{options.intensity};
  feed_ = event_feed{options.retained_events};
  chance_.seed(static_cast<jitter_source::result_type>(
    options.seed != 0 ? options.seed : std::random_device{}()));
  timer_.attach(self_);
  self_->set_down_handler([this](caf::down_msg& x) { on_down(x); });
  // CAF answers for a subscriber that does not understand an event, with an
  // error that would be the end of us.
  self_->set_error_handler([](caf::error&) {});
  self_->set_exit_handler([this](caf::exit_msg& x) {
    if (x.reason != caf::exit_reason::normal)
      end(std::move(x.reason));
  });
  for (auto& x : children)
    insert(std::move(x));
  advance();
  return {
    [this, end = last_words_.for_behavior()](wait_atom) { return wait(); },
    [this](add_atom, child_spec& spec) { return add(std::move(spec)); },
    [this](remove_atom, const std::string& name) {
      return take_down(name, intent::forget);
    },
    [this](restart_atom, const std::string& name) { return restart(name); },
    [this](stop_atom, const std::string& name) {
      return take_down(name, intent::stay);
    },
    [this](find_atom, const std::string& name) { return find(name); },
    [this](list_atom) { return list(); },
    [this](subscribe_atom, const event_subscription& x) {
      return subscribe(x);
    },
    [this](unsubscribe_atom) { return unsubscribe(); },
    [this](ack_atom, std::uint64_t events) { acknowledge(events); },
    [this](terminate_atom) { return terminate(); },
    [this](child_report& x) { on(x); },
    [this](timer_fired) { on_timer(); },
  };
}

// -- requests about children --------------------------------------------------

caf::result<child_list> supervisor_machine::wait() {
  switch (phase_) {
    case phase::running:
      return list();
    case phase::ending:
      return why_ended();
    case phase::starting:
    case phase::clearing:
    case phase::pausing:
      break;
  }
  return until_up_.add(self_, stage::supervise);
}

caf::result<child_info> supervisor_machine::add(child_spec spec) {
  if (phase_ == phase::ending)
    return why_ended();
  if (auto bad = validate(spec))
    return to_error(*bad);
  if (find_child(spec.name) != nullptr)
    return to_error(duplicate_child(spec.name));
  auto& x = insert(std::move(spec));
  x.adding = true;
  auto result = x.until_ready.add(self_, stage::supervise);
  if (phase_ == phase::running)
    phase_ = phase::starting;
  advance();
  return result;
}

caf::result<child_info> supervisor_machine::restart(const std::string& name) {
  if (phase_ == phase::ending)
    return why_ended();
  auto* x = find_child(name);
  if (x == nullptr || x->then == intent::forget)
    return no_such_child(name);
  if (!x->until_ready.has_room())
    return too_many_wait(stage::supervise);
  auto result = x->until_ready.add(self_, stage::supervise);
  switch (x->state) {
    case child_state::waiting:
      // Its turn comes.
      break;
    case child_state::starting:
    case child_state::running:
      stop(*x, intent::restart);
      break;
    case child_state::stopping:
      x->then = intent::restart;
      break;
    case child_state::backing_off:
    case child_state::finished:
    case child_state::stopped:
      start_or_wait(*x);
      advance();
      break;
  }
  return result;
}

caf::result<void> supervisor_machine::take_down(const std::string& name,
                                                intent then) {
  if (phase_ == phase::ending)
    return why_ended();
  auto* x = find_child(name);
  if (x == nullptr || (x->then == intent::forget && then != intent::forget))
    return no_such_child(name);
  if (!x->until_down.has_room())
    return too_many_wait(stage::supervise);
  if (x->spec.restart == restart_kind::temporary || x->adding)
    then = intent::forget;
  deny_stopped(*x);
  if (x->actor) {
    auto result = x->until_down.add(self_, stage::supervise);
    stop(*x, then);
    return result;
  }
  deadlines_.clear(x->number);
  if (then == intent::forget)
    forget(*x);
  else
    x->state = child_state::stopped;
  advance();
  return caf::unit;
}

caf::result<child_info> supervisor_machine::find(const std::string& name) {
  auto* x = find_child(name);
  if (x == nullptr)
    return no_such_child(name);
  return info_of(*x);
}

child_list supervisor_machine::list() const {
  child_list result;
  for (auto& x : children_)
    result.push_back(info_of(*x));
  return result;
}

child_info supervisor_machine::info_of(const child& x) {
  child_info result;
  result.name = x.spec.name;
  result.state = x.state;
  result.restart = x.spec.restart;
  result.starts = x.starts;
  result.session = x.session;
  result.id = x.id;
  result.pid = x.pid;
  if (std::holds_alternative<actor_start>(x.spec.start))
    result.actor = x.actor;
  result.last_end = x.last_end;
  return result;
}

supervisor_machine::child*
supervisor_machine::find_child(const std::string& name) {
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child_ptr& x) {
                          return x->spec.name == name;
                        });
  return i != children_.end() ? i->get() : nullptr;
}

caf::result<void> supervisor_machine::terminate() {
  if (!until_over_.has_room())
    return too_many_wait(stage::supervise);
  auto result = until_over_.add(self_, stage::supervise);
  end(caf::exit_reason::user_shutdown);
  return result;
}

// -- events -------------------------------------------------------------------

caf::result<std::uint64_t>
supervisor_machine::subscribe(const event_subscription& terms) {
  auto sender = self_->current_sender();
  if (sender == nullptr)
    return to_error(no_sender(stage::supervise));
  auto who = caf::actor_cast<caf::actor_addr>(sender);
  if (feed_.contains(who))
    return make_error(errc::already_subscribed, stage::supervise,
                      "the actor subscribes to this supervisor already");
  if (terms.window == 0)
    return make_error(errc::invalid_argument, stage::supervise,
                      "a window has at least one event");
  self_->monitor(who);
  // Answered first, so that the events follow the answer.
  auto waiting = self_->make_response_promise<std::uint64_t>();
  waiting.deliver(
    feed_.add(caf::actor_cast<supervisor_subscriber>(sender), terms));
  feed_.deliver(self_);
  return waiting;
}

caf::result<void> supervisor_machine::unsubscribe() {
  auto who = caf::actor_cast<caf::actor_addr>(self_->current_sender());
  if (!feed_.remove(who))
    return make_error(errc::not_subscribed, stage::supervise,
                      "the actor does not subscribe to this supervisor");
  if (find_actor(who) == nullptr)
    self_->demonitor(who);
  return caf::unit;
}

void supervisor_machine::acknowledge(std::uint64_t events) {
  feed_.acknowledge(caf::actor_cast<caf::actor_addr>(self_->current_sender()),
                    events);
  feed_.deliver(self_);
}

void supervisor_machine::finish_events(pointer sender, std::string why) {
  supervisor_event last;
  last.what = event::ended;
  last.why = std::move(why);
  feed_.push(std::move(last));
  for (auto& who : feed_.finish(sender))
    self_->demonitor(who);
}

void supervisor_machine::tell(event what, const child* about, std::string why,
                              caf::timespan delay, const exit_status& status) {
  supervisor_event x;
  x.what = what;
  if (about != nullptr) {
    x.child = about->spec.name;
    x.start = about->starts;
    x.id = about->id;
    x.pid = about->pid;
  }
  x.status = status;
  x.why = std::move(why);
  x.delay = delay;
  feed_.push(std::move(x));
  feed_.deliver(self_);
}

void supervisor_machine::tell_exit(child& x, std::string how,
                                   const exit_status& status) {
  x.told = child::known::exited;
  x.last_end = how;
  tell(event::exited, &x, std::move(how), caf::timespan::zero(), status);
  x.pid = 0;
}

// -- making one ---------------------------------------------------------------

caf::expected<supervisor> make_supervisor(caf::actor_system& sys,
                                          std::vector<child_spec> children,
                                          supervisor_options options) {
  if (auto bad = validate(children, options))
    return to_error(*bad);
  return supervisor{
    sys.spawn(supervisor_behavior, std::move(children), options)};
}

child_spec session_child(std::string name, spawner where, command what,
                         readiness ready) {
  child_spec result;
  result.name = std::move(name);
  session_start start;
  start.where = std::move(where);
  start.what = std::move(what);
  start.ready = std::move(ready);
  result.start = std::move(start);
  return result;
}

child_spec actor_child(std::string name, actor_factory make) {
  child_spec result;
  result.name = std::move(name);
  actor_start start;
  start.make = std::move(make);
  result.start = std::move(start);
  return result;
}

child_spec supervisor_child(std::string name, std::vector<child_spec> children,
                            supervisor_options options) {
  auto make = [=](caf::actor_system& sys) -> caf::expected<caf::actor> {
    auto made = make_supervisor(sys, children, options);
    if (!made)
      return made.error();
    return caf::actor_cast<caf::actor>(*made);
  };
  auto result = actor_child(std::move(name), make);
  result.ready_within = max_timespan;
  auto& start = std::get<actor_start>(result.start);
  start.answers = true;
  start.grace = max_timespan;
  return result;
}

} // namespace procession
