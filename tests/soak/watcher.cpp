#include "watcher.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <utility>

namespace procession::soak {

namespace {

const char* name_of(stream_kind x) {
  return x == stream_kind::out ? "out" : "err";
}

} // namespace

bool is_gone(const caf::error& x) {
  return x == caf::sec::request_receiver_down
         || has_category<caf::exit_reason>(x);
}

caf::behavior watcher::make_behavior(watcher_args args) {
  args_ = std::move(args);
  chance_ = dice{args_.plan.seed};
  ++args_.tale->log().counts.subscribers;
  if (args_.plan.late)
    ask_where_to_begin();
  else
    subscribe({});
  return {
    [this](started& x) { on(x); },
    [this](output& x) { on(x); },
    [this](gap& x) { on(x); },
    [this](stopped& x) { check(x.seq, x.id); },
    [this](continued& x) { check(x.seq, x.id); },
    [this](exited& x) { on(x); },
    [this](closed& x) { on(x); },
    [this](caf::tick_atom) {
      acknowledging_ = false;
      acknowledge();
    },
    [this](leave_atom) { self_->quit(); },
    [this](explain_atom) {
      args_.tale->note(title() + ": " + std::to_string(seq_)
                       + " events, at out " + std::to_string(at_.out) + ", err "
                       + std::to_string(at_.err) + ", "
                       + std::to_string(outstanding_)
                       + " bytes not acknowledged, " + (exited_ ? "" : "not ")
                       + "exited, " + (closed_ ? "" : "not ") + "closed");
    },
  };
}

void watcher::ask_where_to_begin() {
  self_->request(args_.of, caf::infinite, info_atom_v)
    .then(
      [this](const session_info& x) {
        subscribe({chance_.below(x.produced.out + 1),
                   chance_.below(x.produced.err + 1)});
      },
      [this](const caf::error&) {
        // The session is gone; the player judges whether it may be.
        done();
      });
}

void watcher::subscribe(cursor from) {
  auto terms = args_.plan.terms;
  terms.from = from;
  at_ = from;
  args_.tale->note(title() + " subscribes from " + std::to_string(from.out)
                   + ", " + std::to_string(from.err) + ": "
                   + procession::to_string(terms));
  self_->request(args_.of, caf::infinite, subscribe_atom_v, terms)
    .then([this] { self_->send(args_.boss, watching_atom_v); },
          [this](const caf::error& x) {
            if (!is_gone(x) && !args_.tale->disturbed())
              finding("cannot subscribe: " + describe(x));
            self_->send(args_.boss, watching_atom_v);
            done();
          });
}

void watcher::check(std::uint64_t seq, const session_id& id) {
  if (seq != ++seq_)
    finding("event " + std::to_string(seq) + " where " + std::to_string(seq_)
            + " was to come");
  if (id != args_.tale->what().spec.id)
    finding("an event of session " + id);
  if (closed_)
    finding("an event after closed");
  if (left_)
    finding("an event after it had unsubscribed");
}

void watcher::on(started& x) {
  check(x.seq, x.id);
  if (x.seq != 1)
    finding("started is not the first event");
}

void watcher::on(output& x) {
  check(x.seq, x.id);
  auto size = x.bytes.size();
  if (size == 0)
    finding("an empty chunk");
  if (x.offset != at_[x.stream])
    finding(std::string{name_of(x.stream)} + " goes on at "
            + std::to_string(x.offset) + " instead of "
            + std::to_string(at_[x.stream]));
  at_[x.stream] = x.offset + size;
  had_bytes_[x.stream == stream_kind::err] = true;
  received_ += size;
  outstanding_ += size;
  if (outstanding_ > args_.plan.terms.window)
    finding(std::to_string(outstanding_) + " bytes in a window of "
            + std::to_string(args_.plan.terms.window));
  args_.tale->verify(x.stream, x.offset, x.bytes, title().c_str());
  leave_if_planned();
  if (acknowledging_)
    return;
  if (args_.plan.slowness.count() == 0 && chance_.one_in(2))
    return acknowledge();
  acknowledging_ = true;
  auto slowness = static_cast<std::uint64_t>(args_.plan.slowness.count());
  self_->delayed_send(self_, chance_.any_time(slowness), caf::tick_atom_v);
}

void watcher::on(gap& x) {
  check(x.seq, x.id);
  ++args_.tale->log().counts.gaps;
  ++gaps_;
  if (x.from != at_[x.stream] || x.to <= x.from)
    finding("a gap from " + std::to_string(x.from) + " to "
            + std::to_string(x.to) + " in " + name_of(x.stream) + " at "
            + std::to_string(at_[x.stream]));
  at_[x.stream] = x.to;
  // A session that is cut short announces undelivered output by a gap.
  auto held = args_.plan.terms.mode == delivery::lossless
              && (args_.whole || had_bytes_[x.stream == stream_kind::err]);
  if (held && !args_.tale->where().ending && !args_.tale->where().lost)
    finding("a lossless subscriber gets a gap from " + std::to_string(x.from)
            + " to " + std::to_string(x.to) + " in " + name_of(x.stream));
}

void watcher::on(exited& x) {
  check(x.seq, x.id);
  if (std::exchange(exited_, true))
    finding("exited twice");
  args_.tale->agree(x.status, title().c_str());
}

void watcher::on(closed& x) {
  check(x.seq, x.id);
  if (!exited_)
    finding("closed without exited");
  closed_ = true;
  args_.tale->agree(x.why == close_reason::complete, x.rest, title().c_str());
  args_.tale->agree(at_, title().c_str());
  check_totals(x);
  if (!leaving_)
    done();
}

void watcher::check_totals(const closed& x) {
  auto& tale = *args_.tale;
  auto& plan = tale.what();
  if (x.rest.surviving != 0)
    finding(std::to_string(x.rest.surviving) + " processes survive");
  auto status = tale.status();
  if (tale.disturbed() || !status || status->timed_out
      || plan.told.end == ending::none)
    return;
  for (auto stream : {stream_kind::out, stream_kind::err})
    if (at_[stream] != plan.total(stream))
      finding("closed at byte " + std::to_string(at_[stream]) + " of "
              + name_of(stream) + ", of which the program writes "
              + std::to_string(plan.total(stream)));
  if (x.why != close_reason::complete && !plan.output_is_held())
    finding("the end is not complete");
}

void watcher::acknowledge() {
  if (outstanding_ == 0)
    return;
  self_->send(args_.of, ack_atom_v, std::exchange(outstanding_, 0));
}

void watcher::leave_if_planned() {
  if (args_.plan.leaves == watcher_plan::leaving::never || leaving_
      || received_ < args_.plan.patience)
    return;
  leaving_ = true;
  if (args_.plan.leaves == watcher_plan::leaving::dies) {
    args_.tale->note(title() + " dies");
    done();
    return self_->quit();
  }
  args_.tale->note(title() + " unsubscribes");
  self_->request(args_.of, caf::infinite, unsubscribe_atom_v)
    .then(
      [this] {
        if (closed_)
          finding("unsubscribed after closed");
        left_ = true;
        done();
      },
      [this](const caf::error& x) {
        // `closed` has ended the subscription before that.
        if (!closed_ || (!is(x, errc::not_subscribed) && !is_gone(x)))
          finding("cannot unsubscribe: " + describe(x));
        done();
      });
}

void watcher::done() {
  self_->send(args_.boss, done_atom_v);
}

void watcher::finding(const std::string& what) {
  args_.tale->finding(title() + ": " + what);
}

std::string watcher::title() const {
  return "subscriber " + std::to_string(args_.number);
}

caf::behavior watcher_behavior(watcher::pointer self, watcher_args args) {
  return state_of(self).make_behavior(std::move(args));
}

} // namespace procession::soak
