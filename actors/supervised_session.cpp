#include "procession/actors/supervised_session.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace procession {

namespace {

constexpr auto first_probe_pause = std::chrono::milliseconds{10};
constexpr auto longest_probe_pause = std::chrono::seconds{1};

/// Longer than a session takes to close after its drain deadline, unless its
/// subscribers are slow: killing what is left of a tree takes 5 s at most.
constexpr auto close_margin = std::chrono::seconds{6};

caf::error not_ready(const std::string& how) {
  return make_error(errc::child_failed, stage::ready,
                    "it ended before it was ready: " + how);
}

bool succeeded(const session_start& spec, const exit_status& x) {
  return x.by_request
         || (x.cause == exit_cause::exited && !x.timed_out
             && std::find(spec.success.begin(), spec.success.end(), x.code)
                  != spec.success.end());
}

} // namespace

supervised_session_machine::supervised_session_machine(pointer self)
  : self_(self) {
  // nop
}

supervised_session_machine::~supervised_session_machine() {
  // A promise that is dropped tells nobody.
  auto why = not_ready("its actor is gone");
  starting_.deliver(why);
  if (waiting_)
    waiting_->deliver(why);
  if (session_)
    self_->demonitor(session_.address());
}

supervised_session_impl::behavior_type
supervised_session_machine::make_behavior(
  std::shared_ptr<const session_start> spec, caf::actor_addr supervisor) {
  spec_ = std::move(spec);
  supervisor_ = std::move(supervisor);
  self_->set_exit_handler([this](caf::exit_msg& x) { on_exit_request(x); });
  // However a session goes, those who wait for its states are told; not so if
  // it lived on another node.
  self_->set_down_handler([this](caf::down_msg& x) { end(x.reason); });
  return {
    [this](start_atom) { return start(); },
    [this](wait_atom) { return wait_ready(); },
    [this](const output& x) { on(x); },
    [this](const gap& x) { on(x); },
    [](const exited&) {
      // It is told of the states that it waits for.
    },
    [](const closed&) {},
    [this](const probe_answer& x) { on(x); },
    [this](probe_again) { look(); },
    [this](close_overdue) { end(reason_); },
  };
}

// -- the life of the session --------------------------------------------------

caf::result<session, session_info> supervised_session_machine::start() {
  auto spec = spec_->what;
  spec.owner = ownership::sender;
  state_ = state::starting;
  starting_ = self_->make_response_promise<session, session_info>();
  self_->request(spec_->where, caf::infinite, spawn_atom_v, std::move(spec))
    .then([this](session& x) { on_spawned(std::move(x)); },
          [this](caf::error& e) {
            starting_.deliver(e);
            end(std::move(e));
          });
  return starting_;
}

void supervised_session_machine::on_spawned(session hdl) {
  session_ = std::move(hdl);
  self_->monitor(session_);
  auto lost = [this](caf::error& e) { end(std::move(e)); };
  self_->request(session_, caf::infinite, wait_atom_v, session_state::running)
    .then(
      [this](session_info& x) {
        state_ = state::unready;
        starting_.deliver(session_, std::move(x));
        watch();
      },
      lost);
  self_->request(session_, caf::infinite, wait_atom_v, session_state::exited)
    .then([this](session_info& x) { on_exited(x); }, lost);
  self_->request(session_, caf::infinite, wait_atom_v, session_state::closed)
    .then([this](session_info&) { on_closed(); }, lost);
  if (stopping_)
    terminate();
}

void supervised_session_machine::on_exited(const session_info& x) {
  state_ = state::exited;
  if (waiting_)
    std::exchange(waiting_, std::nullopt)
      ->deliver(not_ready(to_string(x.status)));
  using supervisor_end = caf::typed_actor<caf::reacts_to<child_exit>>;
  if (auto to = caf::actor_cast<supervisor_end>(supervisor_))
    self_->send(to, child_exit{x.status});
  if (stopping_)
    reason_ = caf::exit_reason::user_shutdown;
  else if (!succeeded(*spec_, x.status))
    reason_ = make_error(errc::child_failed, stage::run, to_string(x.status));
  self_->delayed_send(self_, spec_->what.kill.drain + close_margin,
                      close_overdue{});
}

void supervised_session_machine::on_closed() {
  end(reason_);
}

void supervised_session_machine::on_exit_request(caf::exit_msg& x) {
  if (x.reason != caf::exit_reason::normal)
    stop();
}

void supervised_session_machine::stop() {
  if (std::exchange(stopping_, true))
    return;
  if (session_)
    terminate();
  else if (state_ == state::idle)
    end(caf::exit_reason::user_shutdown);
  // Else it is ended as soon as it is there.
}

void supervised_session_machine::terminate() {
  self_->request(session_, caf::infinite, terminate_atom_v)
    .then(
      [](const exit_status&) {
        // Then it closes.
      },
      [this](caf::error& e) { end(std::move(e)); });
}

void supervised_session_machine::end(caf::error reason) {
  self_->quit(std::move(reason));
}

// -- readiness ----------------------------------------------------------------

caf::result<void> supervised_session_machine::wait_ready() {
  switch (state_) {
    case state::ready:
      return caf::unit;
    case state::exited:
      return not_ready("it has ended");
    case state::idle:
    case state::starting:
    case state::unready:
      break;
  }
  if (never_ready_)
    return never_ready_;
  auto waiting = self_->make_response_promise<void>();
  waiting_ = waiting;
  return waiting;
}

void supervised_session_machine::become_ready() {
  if (state_ != state::unready)
    return;
  state_ = state::ready;
  if (waiting_)
    std::exchange(waiting_, std::nullopt)->deliver(caf::unit);
}

void supervised_session_machine::watch() {
  if (auto* pattern = std::get_if<ready_pattern>(&spec_->ready)) {
    auto matcher = line_matcher{pattern->text};
    matchers_.emplace(std::array{matcher, matcher});
    self_
      ->request(session_, caf::infinite, subscribe_atom_v, subscription{})
      // If it fails the session is gone, which is told otherwise.
      .then([](cursor) {}, [](const caf::error&) {});
  } else if (std::holds_alternative<ready_notified>(spec_->ready)) {
    self_
      ->request(session_, caf::infinite, notified_atom_v)
      // If it has exited, that is told otherwise.
      .then([this] { become_ready(); }, [](const caf::error&) {});
  } else if (std::holds_alternative<ready_probe>(spec_->ready)) {
    probe_pause_ = first_probe_pause;
    look();
  } else {
    become_ready();
  }
}

void supervised_session_machine::on(const output& x) {
  if (!matchers_)
    return;
  auto& matcher = (*matchers_)[static_cast<std::size_t>(x.stream)];
  if (!matcher.feed(x.bytes.text())) {
    self_->send(session_, ack_atom_v, std::uint64_t{x.bytes.size()});
    return;
  }
  matchers_.reset();
  self_->request(session_, caf::infinite, unsubscribe_atom_v)
    .then([] {}, [](const caf::error&) {});
  become_ready();
}

void supervised_session_machine::on(const gap& x) {
  if (matchers_)
    (*matchers_)[static_cast<std::size_t>(x.stream)].skip();
}

void supervised_session_machine::look() {
  if (state_ != state::unready)
    return;
  auto done = [me = self_->address()](std::optional<failure> why_not) {
    using receiver = caf::typed_actor<caf::reacts_to<probe_answer>>;
    if (auto to = caf::actor_cast<receiver>(me))
      caf::anon_send(to, probe_answer{std::move(why_not)});
  };
  try {
    std::get<ready_probe>(spec_->ready).look(done);
  } catch (const std::exception& e) {
    done(
      failure{errc::invalid_argument,
              {stage::ready, 0, std::string{"the probe threw: "} + e.what()}});
  }
}

void supervised_session_machine::on(const probe_answer& x) {
  if (state_ != state::unready)
    return;
  if (!x.why_not)
    return become_ready();
  if (x.why_not->code == errc::invalid_argument) {
    never_ready_ = to_error(*x.why_not);
    if (waiting_)
      std::exchange(waiting_, std::nullopt)->deliver(never_ready_);
    return;
  }
  self_->delayed_send(self_, probe_pause_, probe_again{});
  probe_pause_ = std::min<caf::timespan>(2 * probe_pause_, longest_probe_pause);
}

supervised_session_impl::behavior_type supervised_session_behavior(
  supervised_session_impl::stateful_pointer<supervised_session_machine> self,
  std::shared_ptr<const session_start> spec, caf::actor_addr supervisor) {
  return self->state.make_behavior(std::move(spec), std::move(supervisor));
}

} // namespace procession
