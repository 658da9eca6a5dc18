#include "procession/actors/supervision/supervised_session.hpp"

#include "procession/actors/common/actor_timer.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace procession {

namespace {

constexpr auto first_probe_pause = std::chrono::milliseconds{10};
constexpr auto longest_probe_pause = std::chrono::seconds{1};

/// Longer than a session takes to close after its drain deadline, unless its
/// subscribers are slow: killing the leftovers of a tree takes 5 s at most.
constexpr auto close_margin = std::chrono::seconds{6};

/// Keeps a closed session alive between two subscriptions.
constexpr auto least_retention = std::chrono::seconds{1};

constexpr subscription events_only{{}, 1, delivery::events_only};

bool succeeded(const session_start& spec, const exit_status& x) {
  return x.by_request
         || (x.cause == exit_cause::exited && !x.timed_out
             && std::find(spec.success.begin(), spec.success.end(), x.code)
                  != spec.success.end());
}

} // namespace

supervised_session_machine::~supervised_session_machine() {
  if (session_)
    self_->demonitor(session_.address());
}

supervised_session::behavior_type supervised_session_machine::make_behavior(
  std::shared_ptr<const session_start> spec, reporter report) {
  spec_ = std::move(spec);
  report_ = std::move(report);
  self_->set_exit_handler([this](caf::exit_msg& x) { on_exit_request(x); });
  // A session always reports its end before it is gone, unless it lived on a
  // node that was lost.
  self_->set_down_handler([this](caf::down_msg& x) { on_lost(x.reason); });
  auto what = spec_->what;
  what.owner = ownership::sender;
  what.limits.retention = std::max<caf::timespan>(what.limits.retention,
                                                  least_retention);
  // Subscribes to output only to look for a text in it.
  auto terms = std::holds_alternative<ready_output>(spec_->ready)
                 ? subscription{}
                 : events_only;
  self_
    ->request(spec_->where, caf::infinite, spawn_atom_v, std::move(what), terms)
    .then([this](session& x) { on_spawned(std::move(x)); },
          [this](caf::error& why) {
            report_(self_, child_report::unready{why});
            self_->quit(std::move(why));
          });
  return {
    [this](const started& x) { on(x); },
    [this](const output& x) { on(x); },
    [this](const gap& x) { on(x); },
    [](const stopped&) {
      // A stopped child is neither ready nor lost.
    },
    [](const continued&) {
      // As above.
    },
    [this](const exited& x) { on(x); },
    [this](const closed&) { on_closed(); },
    [this](const probe_answer& x) { on(x); },
    [this](probe_again) { look(); },
    [this](close_check) { check_close(); },
  };
}

// -- the life of the session --------------------------------------------------

void supervised_session_machine::on_spawned(session hdl) {
  session_ = std::move(hdl);
  self_->monitor(session_);
  if (stopping_)
    terminate();
}

void supervised_session_machine::on(const started& x) {
  // This event comes again with the second subscription.
  if (state_ != state::starting)
    return;
  state_ = state::unready;
  report_(self_, child_report::started{session_, x.id, x.pid});
  watch();
}

void supervised_session_machine::on(const exited& x) {
  if (exit_)
    return;
  exit_ = x.status;
  close_due_ = self_->clock().now() + spec_->what.kill.drain_timeout
               + close_margin;
  // Signs of readiness from before the end may still be on their way, and are
  // handled first.
  if (state_ != state::unready
      || std::holds_alternative<ready_probe>(spec_->ready))
    tell_exit();
  check_close();
}

void supervised_session_machine::tell_exit() {
  if (state_ == state::unready || state_ == state::never_ready)
    report_(self_, child_report::unready{make_error(
                     errc::child_failed, stage::ready,
                     "it ended before it was ready: " + to_string(*exit_))});
  state_ = state::exited;
  report_(self_, child_report::exited{*exit_});
  if (stopping_)
    reason_ = caf::exit_reason::user_shutdown;
  else if (!succeeded(*spec_, *exit_))
    reason_ = make_error(errc::child_failed, stage::run, to_string(*exit_));
  if (closed_)
    self_->quit(reason_);
}

void supervised_session_machine::on_closed() {
  // Answers that decide the other kinds of readiness may still be on their way.
  if (std::holds_alternative<ready_output>(spec_->ready))
    not_ready_any_more();
  closed_ = true;
  if (state_ == state::exited)
    self_->quit(reason_);
}

void supervised_session_machine::on_lost(caf::error why) {
  if (exit_ && state_ != state::exited)
    tell_exit();
  self_->quit(exit_ ? reason_ : std::move(why));
}

void supervised_session_machine::check_close() {
  auto left = close_due_ - self_->clock().now();
  if (left <= caf::timespan::zero()) {
    if (state_ != state::exited)
      tell_exit();
    return self_->quit(reason_);
  }
  self_->delayed_send(self_, std::min<caf::timespan>(left, longest_delay),
                      close_check{});
}

void supervised_session_machine::on_exit_request(caf::exit_msg& x) {
  if (x.reason == caf::exit_reason::normal || std::exchange(stopping_, true))
    return;
  // Otherwise it is ended as soon as it has been spawned.
  if (session_)
    terminate();
}

void supervised_session_machine::terminate() {
  self_->request(session_, caf::infinite, terminate_atom_v)
    .then(
      [](const exit_status&) {
        // The session closes next.
      },
      [this](caf::error& why) { self_->quit(std::move(why)); });
}

// -- readiness ----------------------------------------------------------------

void supervised_session_machine::become_ready() {
  if (state_ != state::unready)
    return;
  state_ = state::ready;
  report_(self_, child_report::ready{});
  if (exit_)
    tell_exit();
}

void supervised_session_machine::not_ready_any_more() {
  if (state_ != state::unready)
    return;
  state_ = state::never_ready;
  if (exit_)
    tell_exit();
}

void supervised_session_machine::watch() {
  if (auto* wanted = std::get_if<ready_output>(&spec_->ready)) {
    watch_.emplace(wanted->text.size());
    if (auto bad = watch_->look_for({{wanted->text}}))
      return self_->quit(to_error(*bad));
  } else if (std::holds_alternative<ready_notified>(spec_->ready)) {
    self_->request(session_, caf::infinite, ready_atom_v)
      .then([this] { become_ready(); },
            [this](const caf::error&) { not_ready_any_more(); });
  } else if (std::holds_alternative<ready_probe>(spec_->ready)) {
    probe_pause_ = first_probe_pause;
    self_->request(session_, caf::infinite, info_atom_v)
      .then(
        [this](session_info& x) {
          info_ = std::move(x);
          look();
        },
        [this](caf::error& why) { self_->quit(std::move(why)); });
  } else {
    become_ready();
  }
}

void supervised_session_machine::on(const output& x) {
  if (!watch_)
    return;
  watch_->append(x);
  if (auto found = watch_->find(); !found || !*found) {
    self_->send(session_, ack_atom_v, x.bytes.size());
    return;
  }
  watch_.reset();
  self_->request(session_, caf::infinite, unsubscribe_atom_v)
    .then([] {}, [](const caf::error&) {});
  self_->request(session_, caf::infinite, subscribe_atom_v, events_only)
    .then([] {}, [this](caf::error& why) { on_lost(std::move(why)); });
  become_ready();
}

void supervised_session_machine::on(const gap& x) {
  if (watch_)
    watch_->lose(x);
}

void supervised_session_machine::look() {
  if (state_ != state::unready)
    return;
  auto done = [me = self_->address()](std::optional<failure> why_not) {
    using receiver = typed_actor<caf::result<void>(probe_answer)>;
    if (auto to = caf::actor_cast<receiver>(me))
      caf::anon_send(to, probe_answer{std::move(why_not)});
  };
  try {
    std::get<ready_probe>(spec_->ready).look(info_, done);
  } catch (const std::exception& e) {
    done(
      failure{errc::invalid_argument,
              {stage::ready, 0, std::string{"the probe threw: "} + e.what()}});
  } catch (...) {
    done(failure{errc::invalid_argument, {stage::ready, 0, "the probe threw"}});
  }
}

void supervised_session_machine::on(const probe_answer& x) {
  if (state_ != state::unready)
    return;
  if (!x.why_not)
    return become_ready();
  if (x.why_not->code == errc::invalid_argument)
    return report_(self_, child_report::unready{to_error(*x.why_not)});
  if (auto why = to_string(*x.why_not); why != why_not_) {
    why_not_ = std::move(why);
    report_(self_, child_report::not_yet{why_not_});
  }
  self_->delayed_send(self_, probe_pause_, probe_again{});
  probe_pause_ = std::min<caf::timespan>(2 * probe_pause_, longest_probe_pause);
}

} // namespace procession
