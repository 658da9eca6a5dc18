#include "player.hpp"

#include "pattern.hpp"
#include "watcher.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace procession::soak {

namespace {

/// The owner of one session, which dies with it. It does not keep a handle to
/// the spawner, which would live on otherwise.
caf::behavior owner_behavior(caf::event_based_actor* self,
                             std::shared_ptr<venue> where, command spec) {
  return {
    [=](start_atom) -> caf::result<session> {
      auto to = where->handle();
      if (!to)
        return make_error(errc::runtime_stopped, procession::stage::spawn,
                          "let go");
      // Not before: a dropped promise does not answer.
      auto promise = self->make_response_promise<session>();
      self->request(to, caf::infinite, spawn_atom_v, spec)
        .then([promise](session& x) mutable { promise.deliver(std::move(x)); },
              [promise](caf::error& x) mutable {
                promise.deliver(std::move(x));
              });
      return promise;
    },
    [=](leave_atom) { self->quit(); },
  };
}

} // namespace

caf::behavior player::make_behavior(player_args args) {
  args_ = std::move(args);
  chance_ = dice{what().seed + 1};
  ++tale().log().counts.sessions;
  ++tale().log().counts.live;
  start();
  return {
    [this](watching_atom) { begin_play(); },
    [this](done_atom) {
      ++watchers_over_;
      finish_if_over();
    },
    [this](watch_atom, std::uint64_t number) { let_in(number); },
    [this](step_atom, std::uint64_t number) { take(what().steps[number]); },
    [this](explain_atom) { explain(); },
  };
}

// -- the beginning ------------------------------------------------------------

void player::start() {
  auto good = [this](session& x) { started(std::move(x)); };
  auto bad = [this](caf::error& x) { not_started(x); };
  if (what().spec.owner == ownership::sender) {
    owner_ = self_->spawn(owner_behavior, args_.where, what().spec);
    self_->request(owner_, caf::infinite, start_atom_v).then(good, bad);
  } else if (auto to = args_.where->handle()) {
    self_->request(to, caf::infinite, spawn_atom_v, what().spec)
      .then(good, bad);
  } else {
    not_started(
      make_error(errc::runtime_stopped, procession::stage::spawn, "let go"));
  }
}

void player::not_started(const caf::error& why) {
  if (!tale().disturbed())
    tale().finding("was not started: " + describe(why));
  over_ = true;
  finish_if_over();
}

void player::started(session x) {
  session_ = std::move(x);
  tale().note("started");
  ask<exit_status>(
    "wait for the end",
    [this](const exit_status& x) { tale().agree(x, "wait"); }, wait_atom_v);
  ++unanswered_;
  self_->request(session_, caf::infinite, wait_atom_v, session_state::closed)
    .then(
      [this](const session_info& x) {
        --unanswered_;
        on_closed(x);
      },
      [this](const caf::error& x) {
        --unanswered_;
        // A session that is not retained may be gone before it can be asked.
        auto fleeting = what().spec.limits.retention <= milliseconds{100};
        if (!tale().disturbed() && !(fleeting && is_gone(x)))
          tale().finding("closed was not told: " + describe(x));
        over_ = true;
        finish_if_over();
      });
  // With `pause` the first watcher subscribes before output is taken away.
  if (what().spec.unsubscribed == unsubscribed_policy::pause)
    let_in(0);
  else
    begin_play();
}

void player::begin_play() {
  if (std::exchange(playing_, true))
    return;
  for (std::size_t i = watchers_.size(); i < what().watchers.size(); ++i)
    if (auto& x = what().watchers[i]; x.after.count() == 0)
      let_in(i);
    else
      self_->delayed_send(self_, x.after, watch_atom_v, std::uint64_t{i});
  for (std::size_t i = 0; i < what().steps.size(); ++i)
    self_->delayed_send(self_, what().steps[i].after, step_atom_v,
                        std::uint64_t{i});
  if (what().told.use == input_use::ignore)
    return;
  if (what().told.notify == 0)
    return feed();
  ask<void>("wait for the notification", [this] { feed(); }, ready_atom_v);
}

void player::let_in(std::size_t number) {
  if (over_)
    return;
  watcher_args x;
  x.tale = args_.tale;
  x.plan = what().watchers[number];
  x.number = number;
  x.of = session_;
  x.boss = caf::actor_cast<caf::actor>(self_);
  auto all = what().total(stream_kind::out) + what().total(stream_kind::err);
  auto first = number == 0
               && what().spec.unsubscribed == unsubscribed_policy::pause;
  x.whole = x.plan.terms.mode == delivery::lossless && !x.plan.late
            && (first || all <= what().spec.limits.retained);
  watchers_.push_back(self_->spawn(watcher_behavior, std::move(x)));
}

// -- standard input -----------------------------------------------------------

void player::feed() {
  auto limit = what().spec.limits.stdin_queue;
  while (written_ < what().told.in && write_error_.empty()) {
    if (next_size_ == 0)
      next_size_ = std::min(what().told.in - written_,
                            1 + chance_.any_size(limit));
    if (next_size_ > limit - queued_)
      return;
    write_some(std::exchange(next_size_, 0));
    // Now and then the next write waits for the answer.
    if (chance_.one_in(4))
      return;
  }
  if (written_ < what().told.in || !what().told.input_ends
      || std::exchange(closed_stdin_, true))
    return;
  ask<void>("close standard input", [] {}, close_stdin_atom_v);
}

void player::write_some(std::uint64_t size) {
  std::string bytes(size, '\0');
  fill(std::as_writable_bytes(std::span{bytes}), what().told.in_seed, written_);
  written_ += size;
  queued_ += size;
  ++unanswered_;
  ++tale().log().counts.writes;
  tale().log().counts.bytes_written += size;
  self_
    ->request(session_, caf::infinite, write_atom_v,
              shared_bytes{std::move(bytes)})
    .then(
      [this, size](std::uint64_t taken) {
        --unanswered_;
        queued_ -= size;
        if (taken != size)
          tale().finding("a write of " + std::to_string(size)
                         + " bytes is answered with " + std::to_string(taken));
        feed();
        finish_if_over();
      },
      [this](const caf::error& x) {
        --unanswered_;
        if (is(x, errc::stdin_full))
          tale().finding("a write that fits is refused: " + describe(x));
        write_error_ = describe(x);
        finish_if_over();
      });
}

void player::write_too_much() {
  ++unanswered_;
  auto size = what().spec.limits.stdin_queue + 1;
  self_
    ->request(session_, caf::infinite, write_atom_v,
              shared_bytes{std::string(size, '!')})
    .then(
      [this](std::uint64_t) {
        --unanswered_;
        tale().finding("a write beyond the limit was accepted");
        finish_if_over();
      },
      [this](const caf::error& x) {
        --unanswered_;
        if (!is(x, errc::stdin_full) && !is(x, errc::stdin_closed))
          refused("write beyond the limit", x);
        finish_if_over();
      });
}

caf::behavior player_behavior(player::pointer self, player_args args) {
  return state_of(self).make_behavior(std::move(args));
}

} // namespace procession::soak
