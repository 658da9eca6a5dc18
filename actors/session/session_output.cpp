// The output side of the session: log, subscribers, cursor reads, holding back.
#include "procession/actors/common/waiters.hpp"
#include "procession/actors/session/session_actor.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

caf::error invalid_request(std::string text) {
  return to_error(invalid_argument(std::move(text), stage::run));
}

bool beyond(cursor x, cursor end) {
  return x.out > end.out || x.err > end.err;
}

} // namespace

void session_machine::publish() {
  for (auto& who : subscribers_.deliver(self_, facts()))
    forget(who);
  // Otherwise the timer would keep firing until the longest wait is over,
  // although no read waits.
  if (readers_.serve(log_.end(), state_ == session_state::closed, pages()))
    await_readers();
  settle();
}

void session_machine::settle() {
  // A session that is cut short keeps no output for later readers.
  if (cut_short_)
    log_.trim();
  else
    log_.trim(pauses_unsubscribed() ? released_ : subscribers_.floor());
  update_hold();
  if (held_ || child_ == nullptr || state_ == session_state::starting)
    return;
  // All granted bytes will be read, so they must fit.
  auto n = pauses_unsubscribed() ? reads_.grant(log_.room(released_))
                                 : reads_.grant();
  if (n > 0)
    child_->grant(n);
}

bool session_machine::pauses_unsubscribed() const noexcept {
  return spec_.unsubscribed == unsubscribed_policy::pause
         && subscribers_.readers() == 0 && !cut_short_;
}

void session_machine::update_hold() {
  auto paused = pauses_unsubscribed() && log_.full(released_);
  held_ = paused || (!cut_short_ && subscribers_.holds_back());
  update_drain();
}

void session_machine::update_drain() {
  // The deadline counts only while the session is free to read. Once the owner
  // is gone, it always counts, so that a subscriber cannot keep leftovers
  // running for ever. The grace of a request to end comes first, as it is for
  // the whole tree. Processes that may stay in the background have no deadline
  // until they are asked to end.
  auto kept = spec_.kill.background == background_policy::keep
              && stopping_ == stopping::no;
  auto counts = draining_ && (!held_ || quitting_) && !kept
                && !deadlines_.of(limit::grace);
  if (counts == drain_.running())
    return;
  auto now = self_->clock().now();
  if (counts) {
    expect(limit::drain, drain_.start(now));
  } else {
    drain_.stop(now);
    deadlines_.clear(limit::drain);
  }
}

// -- subscribers --------------------------------------------------------------

caf::result<void> session_machine::subscribe(const subscription& terms) {
  auto& sender = self_->current_sender();
  if (sender == nullptr)
    return to_error(no_sender(stage::run));
  auto who = caf::actor_cast<caf::actor_addr>(sender);
  if (subscribers_.contains(who))
    return make_error(errc::already_subscribed, stage::run,
                      "the actor subscribes to this session already");
  if (terms.window == 0)
    return invalid_request("a window has at least one byte");
  if (beyond(terms.from, log_.end()))
    return invalid_request("the cursor lies behind the end of the output");
  add_subscriber(sender, terms);
  // Answer first, so that the events follow the answer.
  auto waiting = self_->make_response_promise<void>();
  fulfill(waiting);
  publish();
  quit_if_done();
  return waiting;
}

void session_machine::add_subscriber(const caf::strong_actor_ptr& who,
                                     const subscription& terms) {
  auto address = caf::actor_cast<caf::actor_addr>(who);
  if (address != owner_)
    self_->monitor(address);
  subscribers_.add(caf::actor_cast<subscriber>(who), terms);
}

caf::result<void> session_machine::unsubscribe() {
  auto& sender = self_->current_sender();
  if (sender == nullptr)
    return to_error(no_sender(stage::run));
  auto who = caf::actor_cast<caf::actor_addr>(sender);
  auto had = subscribers_.remove(who);
  if (!had)
    return make_error(errc::not_subscribed, stage::run,
                      "the actor does not subscribe to this session");
  forget(who);
  released_.out = std::max(released_.out, had->out);
  released_.err = std::max(released_.err, had->err);
  publish();
  quit_if_done();
  return caf::unit;
}

void session_machine::acknowledge(std::uint64_t bytes) {
  auto& sender = self_->current_sender();
  if (sender == nullptr)
    return;
  auto who = caf::actor_cast<caf::actor_addr>(sender);
  if (subscribers_.acknowledge(self_, who, bytes, facts())) {
    forget(who);
    quit_if_done();
  }
  // An open window only affects others if it ends the holding back.
  if (held_)
    settle();
}

void session_machine::forget(const caf::actor_addr& who) {
  if (who != owner_)
    self_->demonitor(who);
}

fanout::facts session_machine::facts() const {
  return {state_, pid_, containment_, stopped_, status_, why_closed_, rest_};
}

// -- cursor reads -------------------------------------------------------------

page session_machine::make_page(cursor from, std::uint64_t max) const {
  page result;
  auto at = log_.find(from);
  while (auto loss = log_.skip_evicted(at))
    result.gaps.push_back({spec_.id, 0, loss->stream, loss->from, loss->to});
  while (max > 0) {
    auto run = log_.next(at, max);
    if (!run)
      break;
    max -= run->bytes.size();
    result.outputs.push_back(
      {spec_.id, 0, run->stream, run->offset, std::move(run->bytes)});
  }
  result.next = at.at;
  result.state = state_;
  result.status = status_;
  result.complete = why_closed_ == close_reason::complete;
  return result;
}

caf::result<page> session_machine::read(cursor from, std::uint64_t max,
                                        caf::timespan wait) {
  if (max == 0)
    return invalid_request("a read asks for at least one byte");
  if (cut_short_)
    return make_error(errc::already_exited, stage::run,
                      "the session is being ended");
  if (beyond(from, log_.end()))
    return invalid_request("the cursor lies behind the end of the output");
  released_.out = std::max(released_.out, from.out);
  released_.err = std::max(released_.err, from.err);
  publish();
  auto ready = from != log_.end() || state_ == session_state::closed;
  if (ready || wait <= caf::timespan::zero())
    return make_page(from, max);
  auto until = wait < caf::timespan{max_timespan} ? self_->clock().now() + wait
                                                  : time_point::max();
  auto result = readers_.add(self_, from, max, until);
  await_readers();
  return result;
}

page_readers::source session_machine::pages() const {
  return
    [this](cursor from, std::uint64_t max) { return make_page(from, max); };
}

void session_machine::await_readers() {
  if (auto due = readers_.deadline()) {
    deadlines_.set(limit::read, *due);
    set_timer();
  } else {
    deadlines_.clear(limit::read);
  }
}

} // namespace procession
