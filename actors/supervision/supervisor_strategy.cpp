// What the children have to do with each other: order, groups, too many
// restarts.
#include "procession/actors/supervision/supervisor_actor.hpp"

#include <algorithm>
#include <utility>

namespace procession {

void supervisor_machine::fail(child& x) {
  // Being stopped for another's failure it made no further restart necessary.
  if (phase_ == phase::clearing && x.number >= group_from_) {
    x.state = child_state::waiting;
    return;
  }
  auto now = self_->clock().now();
  if (x.ready_since && now - *x.ready_since >= x.spec.pause.reset_after)
    x.failures = 0;
  auto pause = next_pause(x.spec.pause, x.failures++, chance_);
  if (restarts_.count(now)) {
    x.state = child_state::stopped;
    return give_up(make_error(errc::restart_limit, stage::supervise,
                              "child '" + x.spec.name + "' has ended ("
                                + x.last_end
                                + "), and that would be one restart too many"));
  }
  if (options_.strategy != restart_strategy::one_for_one)
    return begin_group(x, pause);
  if (pause <= caf::timespan::zero())
    return start(x);
  x.state = child_state::backing_off;
  tell(event::backing_off, &x, {}, pause);
  expect(x, pause);
}

void supervisor_machine::begin_group(child& x, caf::timespan pause) {
  auto from = options_.strategy == restart_strategy::one_for_all ? 0 : x.number;
  if (phase_ == phase::clearing || phase_ == phase::pausing) {
    group_from_ = std::min(group_from_, from);
    group_pause_ = std::max(group_pause_, pause);
  } else {
    group_from_ = from;
    group_pause_ = pause;
  }
  group_failed_ = x.number;
  deadlines_.clear(the_group);
  turn_ = 0;
  x.state = child_state::waiting;
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
    auto* x = find_number(turn_);
    if (x != nullptr && x->actor && x->state != child_state::running)
      return;
    auto i = std::find_if(children_.begin(), children_.end(),
                          [](const child_ptr& y) {
                            return y->state == child_state::waiting;
                          });
    if (i == children_.end()) {
      phase_ = phase::running;
      turn_ = 0;
      until_up_.deliver(list());
      return;
    }
    turn_ = (*i)->number;
    start(**i);
  }
}

void supervisor_machine::proceed_clearing() {
  for (auto i = children_.rbegin(); i != children_.rend(); ++i) {
    auto& x = **i;
    if (x.number < group_from_)
      break;
    if (!x.actor)
      continue;
    if (x.state != child_state::stopping)
      stop(x, intent::wait);
    return;
  }
  // What has done its work does it again for those that are started again.
  for (auto& x : children_)
    if (x->number >= group_from_ && x->state == child_state::finished)
      x->state = child_state::waiting;
  if (group_pause_ <= caf::timespan::zero()) {
    phase_ = phase::starting;
    return;
  }
  phase_ = phase::pausing;
  tell(event::backing_off, find_number(group_failed_), {}, group_pause_);
  auto due = self_->clock().now() + group_pause_;
  deadlines_.set(the_group, due);
  timer_.fire_at(due);
}

void supervisor_machine::proceed_ending() {
  for (auto i = children_.rbegin(); i != children_.rend(); ++i) {
    auto& x = **i;
    if (!x.actor)
      continue;
    if (x.state != child_state::stopping)
      stop(x, intent::stay);
    return;
  }
  until_over_.deliver();
  finish_events(self_, describe(reason_));
  self_->quit(reason_);
}

void supervisor_machine::give_up(caf::error why) {
  tell(event::gave_up, nullptr, describe(why));
  end(std::move(why));
}

void supervisor_machine::end(caf::error reason) {
  if (phase_ == phase::ending)
    return;
  phase_ = phase::ending;
  deadlines_.clear(the_group);
  reason_ = std::move(reason);
  auto why = why_ended();
  until_up_.fail(why);
  for (auto& x : children_) {
    x->until_ready.fail(why);
    if (!x->actor) {
      x->state = child_state::stopped;
      deadlines_.clear(x->number);
    }
  }
  advance();
}

caf::error supervisor_machine::why_ended() const {
  // Its own errors tell more than that it ends.
  if (phase_ == phase::ending && detail_of(reason_).at != stage::none)
    return reason_;
  return make_error(errc::supervisor_ended, stage::supervise,
                    "the supervisor is being ended");
}

} // namespace procession
