// The steps of a player, and its judgement of the end.
#include "player.hpp"
#include "watcher.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace procession::soak {

namespace {

/// Returns whether this is an error of a session that has ended or is gone.
bool is_over(const caf::error& x) {
  return is(x, errc::already_exited) || is_gone(x);
}

} // namespace

void player::take(const step& x) {
  if (over_ || closed_)
    return;
  switch (x.what) {
    case step::kind::info:
      return ask<session_info>(
        "info",
        [this](const session_info& y) {
          if (y.id != what().spec.id || y.pid <= 0)
            tale().finding("a strange info: " + procession::to_string(y));
        },
        info_atom_v);
    case step::kind::wait:
      return ask<session_info>(
        "wait for the exit",
        [this](const auto& y) {
          if (y.state < session_state::exited)
            tale().finding("a wait for the exit was answered before");
        },
        wait_atom_v, session_state::exited);
    case step::kind::find:
      return look_up();
    case step::kind::read:
      return read();
    case step::kind::resize:
      if (!what().on_terminal())
        return;
      return ask<void>(
        "resize", [] {}, resize_atom_v,
        terminal_size{static_cast<std::uint16_t>(chance_.between(1, 200)),
                      static_cast<std::uint16_t>(chance_.between(1, 300))});
    case step::kind::oversize:
      return write_too_much();
    case step::kind::stop_for_a_while:
      tale().note("stops");
      return ask<void>("stop", [] {}, signal_atom_v, signal_name::stop);
    case step::kind::resume:
      tale().note("proceeds");
      return ask<void>("resume", [] {}, signal_atom_v, signal_name::resume);
    case step::kind::signal:
    case step::kind::terminate:
    case step::kind::kill:
    case step::kind::owner_dies:
      return stop(x);
  }
}

void player::stop(const step& x) {
  auto agree = [this](const exit_status& y) { tale().agree(y, "terminate"); };
  if (x.what == step::kind::signal) {
    tale().disturb("signal " + procession::to_string(x.name));
    ask<void>("signal", [] {}, signal_atom_v, x.name);
    // Programs that ignore it, or were stopped, must end as well.
    ask<exit_status>("terminate", agree, terminate_atom_v);
  } else if (x.what == step::kind::owner_dies && owner_) {
    tale().disturb("the owner dies");
    self_->send(owner_, leave_atom_v);
  } else if (x.what == step::kind::terminate && chance_.one_in(3)) {
    tale().disturb("terminate by " + procession::to_string(x.name));
    ask<exit_status>("terminate", agree, terminate_atom_v, x.name,
                     caf::timespan{x.grace});
  } else {
    auto grace = x.what == step::kind::kill ? milliseconds{0} : x.grace;
    tale().disturb("terminate with a grace of " + std::to_string(grace.count())
                   + " ms");
    ask<exit_status>("terminate", agree, terminate_atom_v,
                     caf::timespan{grace});
  }
}

void player::look_up() {
  auto to = args_.where->handle();
  if (!to)
    return;
  ++unanswered_;
  self_->request(to, caf::infinite, find_atom_v, what().spec.id)
    .then(
      [this](const session& x) {
        --unanswered_;
        if (x.address() != session_.address())
          tale().finding("another session was found by its name");
        finish_if_over();
      },
      [this](const caf::error& x) {
        --unanswered_;
        // The session is closed and not retained; the player learns it later.
        if (!is(x, errc::no_such_session))
          refused("find", x);
        finish_if_over();
      });
}

// -- cursor reads -------------------------------------------------------------

void player::read() {
  auto from = read_to_;
  if (chance_.one_in(2))
    from = {chance_.below(from.out + 1), chance_.below(from.err + 1)};
  auto most = 1 + chance_.any_size(1024 * 1024);
  ++tale().log().counts.reads;
  ask<page>(
    "read", [this, from, most](const page& x) { check(x, from, most); },
    read_atom_v, from, most, caf::timespan{chance_.any_time(200)});
}

void player::check(const page& x, cursor from, std::uint64_t most) {
  auto at = from;
  std::uint64_t size = 0;
  for (auto& y : x.gaps) {
    if (y.from != at[y.stream] || y.to <= y.from)
      tale().finding("a read has a gap from " + std::to_string(y.from) + " to "
                     + std::to_string(y.to) + " at "
                     + std::to_string(at[y.stream]));
    at[y.stream] = y.to;
  }
  for (auto& y : x.outputs) {
    if (y.offset != at[y.stream])
      tale().finding("a read goes on at " + std::to_string(y.offset)
                     + " instead of " + std::to_string(at[y.stream]));
    at[y.stream] = y.offset + y.bytes.size();
    size += y.bytes.size();
    tale().verify(y.stream, y.offset, y.bytes, "read");
  }
  if (size > most)
    tale().finding("a read of " + std::to_string(most) + " bytes brings "
                   + std::to_string(size));
  if (!(x.next == at))
    tale().finding("a read ends elsewhere than it says");
  read_to_.out = std::max(read_to_.out, x.next.out);
  read_to_.err = std::max(read_to_.err, x.next.err);
}

// -- the end ------------------------------------------------------------------

void player::refused(const char* name, const caf::error& why) {
  // The end of the session is judged later; this only checks whether such an
  // error may come at all.
  if (is_over(why) || tale().disturbed())
    return;
  tale().finding("cannot " + std::string{name} + ": " + describe(why));
}

void player::explain() {
  tale().note(
    "player: " + std::to_string(unanswered_) + " requests not answered, "
    + (closed_ ? "" : "not ") + "closed, " + (over_ ? "" : "not ") + "over, "
    + std::to_string(watchers_over_) + " of " + std::to_string(watchers_.size())
    + " watchers over, " + std::to_string(written_) + " bytes written, "
    + std::to_string(queued_) + " of them not taken");
  for (auto& x : watchers_)
    self_->send(x, explain_atom_v);
  if (!session_)
    return tale().note("there is no session");
  self_->request(session_, std::chrono::seconds{5}, info_atom_v)
    .then(
      [this](const session_info& x) {
        tale().note("session: " + procession::to_string(x));
      },
      [this](const caf::error& x) { tale().note("session: " + describe(x)); });
}

void player::on_closed(const session_info& x) {
  closed_ = true;
  last_ = x;
  knows_end_ = true;
  if (x.state != session_state::closed)
    tale().finding("a wait for closed was answered with "
                   + procession::to_string(x.state));
  tale().agree(x.status, "info");
  tale().agree(x.complete, x.rest, "info");
  tale().agree(x.produced, "info");
  finish_if_over();
}

void player::finish_if_over() {
  auto closed = closed_ || over_;
  if (!closed || unanswered_ > 0 || watchers_over_ < watchers_.size())
    return;
  if (std::exchange(judged_, true))
    return;
  if (knows_end_)
    judge();
  // By now no event can follow; a living watcher has seen all.
  for (auto& x : watchers_)
    self_->send(x, leave_atom_v);
  if (owner_)
    self_->send(owner_, leave_atom_v);
  --tale().log().counts.live;
  args_.over();
  self_->quit();
}

void player::judge() {
  auto& status = last_.status;
  if (last_.rest.surviving != 0)
    tale().finding(std::to_string(last_.rest.surviving) + " processes survive");
  auto by_time = status.timed_out;
  if (by_time && !what().times_out)
    tale().finding("timed out without a time-out");
  if (tale().disturbed() || by_time) {
    ++tale().log().counts.ended;
    if (status.cause == exit_cause::runner_lost && !tale().disturbed())
      tale().finding("lost with its runner, which was not killed");
    return;
  }
  ++tale().log().counts.natural;
  judge_natural_end(status);
}

void player::judge_natural_end(const exit_status& status) {
  auto& told = what().told;
  auto as_told = false;
  switch (told.end) {
    case ending::code:
      as_told = status.cause == exit_cause::exited
                && status.code == static_cast<std::uint32_t>(told.value);
      break;
    case ending::signal:
      as_told = status.cause == exit_cause::signaled
                && status.signal == told.value;
      break;
    case ending::none:
      break;
  }
  if (!as_told || status.by_request)
    tale().finding("ended otherwise than told: "
                   + procession::to_string(status));
  if (!last_.complete && !what().output_is_held())
    tale().finding("the end is not complete");
  for (auto stream : {stream_kind::out, stream_kind::err})
    if (last_.produced[stream] != what().total(stream))
      tale().finding(std::to_string(last_.produced[stream])
                     + " bytes were produced of "
                     + std::to_string(what().total(stream)));
  if (!write_error_.empty())
    tale().finding("a write was refused: " + write_error_);
  if (last_.consumed_stdin != told.in)
    tale().finding(std::to_string(last_.consumed_stdin)
                   + " bytes of input were consumed of "
                   + std::to_string(told.in));
  if (last_.rest.ended != told.tree.size())
    tale().finding(std::to_string(last_.rest.ended)
                   + " descendants had to be ended where there were "
                   + std::to_string(told.tree.size()));
}

} // namespace procession::soak
