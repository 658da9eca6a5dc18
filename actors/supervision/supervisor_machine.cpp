#include "procession/actors/supervision/supervisor_machine.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

caf::error no_such_child(const std::string& name) {
  return make_error(errc::no_such_child, stage::supervise,
                    "there is no child '" + name + "'");
}

} // namespace

template <class Property, class T>
supervisor_machine::child*
supervisor_machine::find_by(Property property, const T& x) {
  for (auto& y : children_)
    if (((*y).*property)() == x)
      return y.get();
  return nullptr;
}

failure supervisor_machine::duplicate_child(const std::string& name) {
  return {errc::duplicate_child,
          {stage::supervise, 0, "there is a child '" + name + "' already"}};
}

void supervisor_machine::say_last() {
  // Answers requests whatever the reason for the end, as a dropped promise
  // sends no answer.
  auto why = why_ended();
  for (auto& x : children_)
    x->abandon(why);
  until_up_.fail(why);
  until_over_.fail(why);
  at_.feed.finish("killed", true);
}

supervisor_impl::behavior_type
supervisor_machine::make_behavior(std::vector<child_spec> children,
                                  supervisor_options options) {
  options_ = options;
  restarts_ = restart_window{options.intensity};
  at_.feed.retain(options.retained_events);
  chance_.seed(static_cast<jitter_source::result_type>(
    options.seed != 0 ? options.seed : std::random_device{}()));
  at_.timer.attach(self_);
  self_->set_down_handler([this](caf::down_msg& x) { on_down(x); });
  // CAF answers for a subscriber that does not understand an event, with an
  // error that would otherwise end this actor.
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
      return at_.feed.subscribe(x);
    },
    [this](unsubscribe_atom) {
      auto who = caf::actor_cast<caf::actor_addr>(self_->current_sender());
      return at_.feed.unsubscribe(find_by(&child::actor, who) != nullptr);
    },
    [this](ack_atom, std::uint64_t events) { at_.feed.acknowledge(events); },
    [this](stop_atom) { return stop(); },
    [this](child_report& x) {
      if (auto* about = find_by(&child::number, x.child);
          about != nullptr && about->on(x))
        advance();
    },
    [this](timer_fired) { on_timer(); },
  };
}

// -- requests about children --------------------------------------------------

caf::result<child_list> supervisor_machine::wait() {
  if (phase_ == phase::running)
    return list();
  if (phase_ == phase::ending)
    return why_ended();
  return until_up_.add(self_, stage::supervise);
}

caf::result<child_info> supervisor_machine::add(child_spec spec) {
  if (phase_ == phase::ending)
    return why_ended();
  if (auto bad = validate(spec))
    return to_error(*bad);
  if (find_by(&child::name, spec.name) != nullptr)
    return to_error(duplicate_child(spec.name));
  auto result = insert(std::move(spec)).wait_ready(true);
  if (phase_ == phase::running)
    phase_ = phase::starting;
  advance();
  return result;
}

caf::result<child_info> supervisor_machine::restart(const std::string& name) {
  if (phase_ == phase::ending)
    return why_ended();
  auto* x = find_by(&child::name, name);
  if (x == nullptr || x->being_forgotten())
    return no_such_child(name);
  if (!x->may_wait_ready())
    return too_many_wait(stage::supervise);
  auto result = x->wait_ready();
  // A waiting child is started when its turn comes.
  if (x->actor()) {
    x->stop(intent::restart);
  } else if (x->state() != child_state::waiting) {
    start_or_wait(*x);
    advance();
  }
  return result;
}

caf::result<void> supervisor_machine::take_down(const std::string& name,
                                                intent then) {
  if (phase_ == phase::ending)
    return why_ended();
  auto* x = find_by(&child::name, name);
  if (x == nullptr || (x->being_forgotten() && then != intent::forget))
    return no_such_child(name);
  if (!x->may_wait_down())
    return too_many_wait(stage::supervise);
  if (x->temporary() || x->adding())
    then = intent::forget;
  x->deny_stopped();
  if (x->actor()) {
    auto result = x->wait_down();
    x->stop(then);
    return result;
  }
  if (then == intent::forget)
    forget(*x);
  else
    x->rest(child_state::stopped);
  advance();
  return caf::unit;
}

caf::result<child_info> supervisor_machine::find(const std::string& name) {
  auto* x = find_by(&child::name, name);
  if (x == nullptr)
    return no_such_child(name);
  return x->info();
}

child_list supervisor_machine::list() const {
  child_list result;
  for (auto& x : children_)
    result.push_back(x->info());
  return result;
}

caf::result<void> supervisor_machine::stop() {
  if (!until_over_.has_room())
    return too_many_wait(stage::supervise);
  auto result = until_over_.add(self_, stage::supervise);
  end(caf::exit_reason::user_shutdown);
  return result;
}

// -- the end of a child -------------------------------------------------------

void supervisor_machine::on_down(const caf::down_msg& x) {
  at_.feed.on_down(x.source);
  auto* found = find_by(&child::actor, x.source);
  if (found == nullptr)
    return;
  auto& who = *found;
  auto end = who.on_down(x.reason);
  if (phase_ == phase::ending) {
    who.rest(child_state::stopped);
    return advance();
  }
  switch (end.then) {
    case intent::none:
      if (end.state != child_state::starting) {
        on_end(who, end.success);
        break;
      }
      who.tell_start_failed();
      on_start_failed(who);
      break;
    case intent::fail:
      on_start_failed(who);
      break;
    case intent::restart:
      start_or_wait(who);
      break;
    case intent::wait:
      if (who.temporary() && !who.adding())
        forget(who);
      else
        who.rest(child_state::waiting);
      break;
    case intent::stay:
      who.rest(child_state::stopped);
      break;
    case intent::forget:
      forget(who);
      break;
  }
  advance();
}

void supervisor_machine::on_end(child& x, bool success) {
  switch (x.spec().restart) {
    case restart_kind::permanent:
      return fail(x);
    case restart_kind::transient:
      if (!success)
        return fail(x);
      x.rest(child_state::succeeded);
      return;
    case restart_kind::temporary:
      return forget(x);
  }
}

void supervisor_machine::on_start_failed(child& x) {
  auto why = x.fail_start();
  if (x.adding()) {
    forget(x);
  } else if (x.starts() == 1 && x.number() == turn_) {
    // One of the initial children, in its first start, without a request for
    // it.
    x.rest(child_state::stopped);
    auto detail = detail_of(why);
    auto code = detail.at == stage::none ? errc::child_failed
                                         : static_cast<errc>(why.code());
    give_up(make_error(code,
                       detail.at == stage::none ? stage::ready : detail.at,
                       "child '" + x.spec().name + "' did not come up: "
                         + (detail.text.empty() ? describe(why) : detail.text),
                       detail.os_code));
  } else if (x.temporary()) {
    forget(x);
  } else {
    fail(x);
  }
}

void supervisor_machine::forget(child& x) {
  x.deny_stopped();
  x.tell(event::removed);
  at_.due.clear(x.number());
  std::erase_if(children_, [&](const child_ptr& y) { return y.get() == &x; });
}

void supervisor_machine::on_timer() {
  if (!at_.timer.fired())
    return;
  auto now = self_->clock().now();
  while (auto missed = at_.due.take_due(now)) {
    if (*missed == the_group) {
      phase_ = phase::starting;
      advance();
    } else if (auto* x = find_by(&child::number, *missed)) {
      x->on_missed();
      advance();
    }
  }
  if (auto next = at_.due.next())
    at_.timer.fire_at(*next);
}

// -- order, groups, too many restarts -----------------------------------------

void supervisor_machine::start_or_wait(child& x) {
  if (phase_ == phase::running || phase_ == phase::starting)
    x.start();
  else
    x.rest(child_state::waiting);
}

void supervisor_machine::fail(child& x) {
  // It was to be stopped because another child failed, so no further restart is
  // necessary.
  if (phase_ == phase::clearing && x.number() >= group_from_)
    return x.rest(child_state::waiting);
  auto pause = x.next_pause(chance_);
  if (restarts_.count(self_->clock().now())) {
    x.rest(child_state::stopped);
    return give_up(make_error(errc::restart_limit, stage::supervise,
                              "child '" + x.spec().name + "' has ended ("
                                + x.last_end()
                                + "), and that would be one restart too many"));
  }
  if (options_.strategy != restart_strategy::one_for_one)
    return begin_group(x, pause);
  if (pause <= caf::timespan::zero())
    return x.start();
  x.back_off(pause);
}

void supervisor_machine::begin_group(child& x, caf::timespan pause) {
  auto from = options_.strategy == restart_strategy::one_for_all ? 0
                                                                 : x.number();
  if (phase_ == phase::clearing || phase_ == phase::pausing) {
    group_from_ = std::min(group_from_, from);
    group_pause_ = std::max(group_pause_, pause);
  } else {
    group_from_ = from;
    group_pause_ = pause;
  }
  group_failed_ = x.number();
  at_.due.clear(the_group);
  turn_ = 0;
  x.rest(child_state::waiting);
  phase_ = phase::clearing;
}

void supervisor_machine::advance() {
  if (phase_ == phase::clearing)
    proceed_clearing();
  if (phase_ == phase::starting)
    proceed_starting();
  if (phase_ == phase::ending)
    proceed_ending();
}

void supervisor_machine::proceed_starting() {
  while (phase_ == phase::starting) {
    auto* x = find_by(&child::number, turn_);
    if (x != nullptr && x->actor() && x->state() != child_state::running)
      return;
    auto* next = find_by(&child::state, child_state::waiting);
    if (next == nullptr) {
      phase_ = phase::running;
      turn_ = 0;
      until_up_.deliver(list());
      return;
    }
    turn_ = next->number();
    next->start();
  }
}

void supervisor_machine::proceed_clearing() {
  for (auto i = children_.rbegin(); i != children_.rend(); ++i) {
    auto& x = **i;
    if (x.number() < group_from_)
      break;
    if (!x.actor())
      continue;
    if (x.state() != child_state::stopping)
      x.stop(intent::wait);
    return;
  }
  // Finished children run again, for the children that are started again.
  for (auto& x : children_)
    if (x->number() >= group_from_ && x->state() == child_state::succeeded)
      x->rest(child_state::waiting);
  if (group_pause_ <= caf::timespan::zero()) {
    phase_ = phase::starting;
    return;
  }
  phase_ = phase::pausing;
  if (auto* failed = find_by(&child::number, group_failed_))
    failed->tell(event::backing_off, {}, group_pause_);
  else
    tell(event::backing_off, {}, group_pause_);
  at_.expect(the_group, group_pause_);
}

void supervisor_machine::proceed_ending() {
  for (auto i = children_.rbegin(); i != children_.rend(); ++i) {
    auto& x = **i;
    if (!x.actor())
      continue;
    if (x.state() != child_state::stopping)
      x.stop(intent::stay);
    return;
  }
  until_over_.deliver();
  at_.feed.finish(describe(reason_), false);
  self_->quit(reason_);
}

void supervisor_machine::give_up(caf::error why) {
  tell(event::gave_up, describe(why));
  end(std::move(why));
}

void supervisor_machine::end(caf::error reason) {
  if (phase_ == phase::ending)
    return;
  phase_ = phase::ending;
  at_.due.clear(the_group);
  reason_ = std::move(reason);
  auto why = why_ended();
  until_up_.fail(why);
  for (auto& x : children_) {
    x->refuse_ready(why);
    if (!x->actor())
      x->rest(child_state::stopped);
  }
  advance();
}

void supervisor_machine::tell(event what, std::string why,
                              caf::timespan delay) {
  supervisor_event x;
  x.what = what;
  x.why = std::move(why);
  x.delay = delay;
  at_.feed.publish(std::move(x));
}

caf::error supervisor_machine::why_ended() const {
  // An error of the library explains the end better than the one below.
  if (phase_ == phase::ending && detail_of(reason_).at != stage::none)
    return reason_;
  return make_error(errc::supervisor_ended, stage::supervise,
                    "the supervisor is being ended");
}

// -- children -----------------------------------------------------------------

supervisor_machine::child& supervisor_machine::insert(child_spec spec) {
  children_.push_back(
    std::make_unique<child>(at_, ++last_number_, std::move(spec)));
  return *children_.back();
}

} // namespace procession
