// The life of a session, in one file as it is one state machine. Its output is
// in session_output.cpp.
#include "procession/actors/session/session_actor.hpp"

#include "procession/actors/common/actor_timer.hpp"
#include "procession/actors/common/waiters.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace procession {

namespace {

/// How long a killed process may take to end before requests to terminate it
/// fail. It is longer than the same limit of a runner, which is itself killed
/// after that.
constexpr auto unkillable_after = std::chrono::seconds{30};

caf::error already_exited() {
  return make_error(errc::already_exited, stage::run, "the process has ended");
}

/// Returns how many bytes of output the child may send at first.
std::uint64_t first_credit(const command& spec) {
  return spec.unsubscribed == unsubscribed_policy::pause
           ? std::min(read_window, spec.limits.retained)
           : read_window;
}

caf::error stdin_closed() {
  return make_error(errc::stdin_closed, stage::run,
                    "the standard input of the process is closed");
}

} // namespace

void session_machine::say_last() {
  // Answers requests whatever the reason for the end, as a dropped promise
  // sends no answer.
  starting_.deliver(already_exited());
  readers_.fail(already_exited());
  until_state_.fail(already_exited());
  fail_everybody(already_exited());
  if (state_ == session_state::starting)
    status_.cause = exit_cause::start_failed;
  else if (state_ == session_state::running)
    status_.cause = exit_cause::runner_lost;
  drop_starter();
  abort();
}

session_impl::behavior_type
session_machine::make_behavior(const std::shared_ptr<session_args>& args) {
  spec_ = std::move(args->spec);
  child_ = std::move(args->child);
  spawner_ = std::move(args->spawner);
  owner_ = std::move(args->owner);
  log_ = output_log{spec_.limits.retained};
  started_ = caf::make_timestamp();
  drain_ = drain_clock{spec_.kill.drain_timeout};
  reads_.consumed(read_window - first_credit(spec_));
  if (spec_.stdio.kind != stdio_kind::pty
      && spec_.stdio.input != stdin_kind::pipe)
    input_ = input::closed;
  self_->set_down_handler([this](caf::down_msg& x) { on_down(x.source); });
  self_->set_exit_handler([this](caf::exit_msg& x) { on_exit_request(x); });
  // CAF answers for a subscriber that does not understand an event, with an
  // error that would otherwise end this actor.
  self_->set_error_handler([](caf::error&) {});
  return {
    [this, end = last_words_.for_behavior()](write_atom, shared_bytes& bytes) {
      return write(std::move(bytes));
    },
    [this](close_stdin_atom) { return close_stdin(); },
    [this](resize_atom, terminal_size size) { return resize(size); },
    [this](signal_atom, signal_name name) { return signal(name); },
    [this](terminate_atom) {
      return terminate(signal_name::terminate, spec_.kill.grace);
    },
    [this](terminate_atom, caf::timespan grace) {
      return terminate(signal_name::terminate, grace);
    },
    [this](terminate_atom, signal_name by, caf::timespan grace) {
      return terminate(by, grace);
    },
    [this](info_atom) { return info(); },
    [this](wait_atom) { return wait(); },
    [this](wait_atom, session_state state) { return wait_for(state); },
    [this](ready_atom) { return wait_ready(); },
    [this](read_atom, cursor from, std::uint64_t max, caf::timespan wait) {
      return read(from, max, wait);
    },
    [this](subscribe_atom, const subscription& x) { return subscribe(x); },
    [this](unsubscribe_atom) { return unsubscribe(); },
    [this](ack_atom, std::uint64_t bytes) { acknowledge(bytes); },
    [this](start_atom) { return start(); },
    [this](start_atom, const subscription& terms) { return start(terms); },
    [this](child_event& x) { std::visit([this](auto& y) { on(y); }, x); },
    [this](const session_timer& x) { on(x); },
    [this](session_release) {
      quitting_ = true;
      quit_if_done();
    },
    [this](session_orphaned) { on_owner_down(); },
  };
}

// -- requests -----------------------------------------------------------------

caf::result<session> session_machine::start() {
  starting_ = self_->make_response_promise<session>();
  return starting_;
}

caf::result<session> session_machine::start(const subscription& terms) {
  // Creating the promise takes the sender away.
  auto sender = self_->current_sender();
  auto result = start();
  first_ = caf::actor_cast<caf::actor_addr>(sender);
  add_subscriber(sender, terms);
  return result;
}

void session_machine::drop_starter() {
  // The actor that requested the start is told its error and no events.
  if (subscribers_.remove(first_))
    forget(first_);
  first_ = nullptr;
}

template <class F>
void session_machine::once_started(F f) {
  if (state_ == session_state::starting)
    deferred_.push_back(std::move(f));
  else
    f();
}

caf::result<std::uint64_t> session_machine::write(shared_bytes bytes) {
  if (state_ >= session_state::exited)
    return already_exited();
  if (input_ != input::open)
    return stdin_closed();
  std::uint64_t n = bytes.size();
  if (n == 0)
    return n;
  if (writes_.queued() + n > spec_.limits.stdin_queue
      || writes_.waiting() >= max_waiting_writes)
    return make_error(errc::stdin_full, stage::run,
                      std::to_string(writes_.queued()) + " of at most "
                        + std::to_string(spec_.limits.stdin_queue)
                        + " bytes of input wait for the process already, in "
                        + std::to_string(writes_.waiting())
                        + " writes; nothing of this was taken");
  auto waiting = self_->make_response_promise<std::uint64_t>();
  writes_.accept(n, waiting);
  once_started([this, bytes = std::move(bytes)] { child_->write(bytes); });
  return waiting;
}

caf::result<void> session_machine::close_stdin() {
  if (input_ == input::open) {
    input_ = input::closing;
    once_started([this] { child_->close_stdin(); });
  }
  return caf::unit;
}

caf::result<void>
session_machine::ask_child(std::function<void(std::uint64_t)> ask) {
  if (state_ >= session_state::exited)
    return already_exited();
  if (!asked_.has_room())
    return too_many_wait(stage::run);
  auto number = ++last_number_;
  auto result = asked_.add(self_, stage::run, number);
  once_started([=] { ask(number); });
  return result;
}

caf::result<void> session_machine::resize(terminal_size size) {
  if (auto bad = validate(size))
    return to_error(*bad);
  if (spec_.stdio.kind != stdio_kind::pty)
    return make_error(errc::not_a_terminal, stage::run,
                      "the session runs on pipes");
  return ask_child([this, size](std::uint64_t n) { child_->resize(n, size); });
}

caf::result<void> session_machine::signal(signal_name name) {
  return ask_child([this, name](std::uint64_t n) { child_->signal(n, name); });
}

caf::result<exit_status> session_machine::terminate(signal_name by,
                                                    caf::timespan grace) {
  if (start_error_)
    return start_error_;
  if (state_ == session_state::exited)
    stop(by, grace);
  if (state_ >= session_state::exited)
    return status_;
  if (!terminating_.has_room())
    return too_many_wait(stage::run);
  by_request_ = true;
  auto result = terminating_.add(self_, stage::run);
  stop(by, grace);
  return result;
}

caf::result<exit_status> session_machine::wait() {
  if (start_error_)
    return start_error_;
  if (state_ >= session_state::exited)
    return status_;
  return until_exit_.add(self_, stage::run);
}

caf::result<session_info> session_machine::wait_for(session_state state) {
  if (state_ >= state)
    return info();
  return until_state_.add(self_, stage::run, state);
}

caf::result<void> session_machine::wait_ready() {
  if (ready_)
    return caf::unit;
  if (start_error_)
    return start_error_;
  if (state_ >= session_state::exited)
    return already_exited();
  if (spec_.notification_fd == 0)
    return make_error(errc::invalid_argument, stage::run,
                      "the command has no notification descriptor");
  return until_ready_.add(self_, stage::run);
}

void session_machine::advance_to(session_state state) {
  state_ = state;
  until_state_.answer_if([this](session_state x) { return x <= state_; },
                         [this](session_state) { return info(); });
}

session_info session_machine::info() const {
  session_info result;
  result.id = spec_.id;
  result.state = state_;
  result.pid = pid_;
  result.spec = spec_;
  result.containment = containment_;
  result.started = started_;
  result.last_output = last_output_;
  result.produced = log_.end();
  result.consumed_stdin = writes_.taken();
  result.queued_stdin = writes_.queued();
  result.retained = log_.size();
  result.subscribers = subscribers_.readers();
  result.paused = held_;
  result.stopped = stopped_;
  result.status = status_;
  result.complete = why_closed_ == close_reason::complete;
  result.rest = rest_;
  if (start_error_)
    result.start_error = describe(start_error_);
  return result;
}

// -- events of the child ------------------------------------------------------

void session_machine::on(child_started& x) {
  pid_ = x.pid;
  containment_ = x.containment;
  starting_.deliver(session{session_impl{self_}});
  advance_to(session_state::running);
  first_ = nullptr;
  // Earlier subscribers get `started` after the answer to the start.
  publish();
  if (spec_.limits.timeout > caf::timespan::zero())
    expect(limit::timeout, spec_.limits.timeout);
  for (auto& f : std::exchange(deferred_, {}))
    f();
  // Carries out requests to end that came before the process ran.
  if (auto asked = std::exchange(stopping_, stopping::no);
      asked == stopping::asked)
    stop(early_signal_, early_grace_);
  else if (asked == stopping::killed)
    kill();
}

void session_machine::on(child_start_failed& x) {
  start_error_ = to_error(x.why);
  status_.cause = exit_cause::start_failed;
  status_.code = x.why.code == errc::program_not_found ? 127 : 126;
  tell_spawner();
  advance_to(session_state::exited);
  fail_everybody(start_error_);
  starting_.deliver(start_error_);
  drop_starter();
  close(close_reason::complete, {});
}

void session_machine::on(child_output& x) {
  if (state_ == session_state::closed)
    return;
  last_output_ = caf::make_timestamp();
  reads_.consumed(x.bytes.size());
  log_.append(x.stream, std::move(x.bytes));
  publish();
}

void session_machine::on(child_stdin_taken& x) {
  writes_.take(x.bytes);
}

void session_machine::on(child_stdin_refused& x) {
  writes_.refuse(x.bytes, to_error(x.why));
}

void session_machine::on(child_stdin_broken& x) {
  input_ = input::closed;
  writes_.fail(to_error(x.why));
}

void session_machine::on(child_notified&) {
  ready_ = true;
  until_ready_.deliver();
}

void session_machine::on(child_stopped& x) {
  stopped_ = x.signal;
  publish();
}

void session_machine::on(child_continued&) {
  stopped_ = 0;
  publish();
}

void session_machine::on(child_answered& x) {
  auto answered = [&](std::uint64_t number) { return number == x.request; };
  if (x.done)
    asked_.answer_if(answered);
  else
    asked_.fail_if(answered, to_error(x.why));
}

void session_machine::on(child_exited& x) {
  if (state_ >= session_state::exited)
    return;
  status_ = x.status;
  status_.timed_out = timed_out_;
  status_.by_request = by_request_;
  stopped_ = 0;
  advance_to(session_state::exited);
  until_exit_.deliver(status_);
  terminating_.deliver(status_);
  fail_everybody(already_exited());
  publish();
  deadlines_.clear(limit::timeout);
  draining_ = !x.drained;
  update_drain();
}

void session_machine::on(child_finished& x) {
  draining_ = false;
  // The child may finish without a request, when its host ends.
  if (state_ == session_state::starting) {
    child_start_failed failed{
      {errc::runtime_stopped,
       {stage::admit, 0, "the host of the process has ended"}}};
    return on(failed);
  }
  auto lost_host = x.host_lost || state_ < session_state::exited;
  if (state_ < session_state::exited) {
    child_exited lost;
    lost.status.cause = exit_cause::runner_lost;
    lost.drained = true;
    on(lost);
  }
  close(x.drained   ? close_reason::complete
        : lost_host ? close_reason::host_lost
                    : close_reason::drain_deadline,
        x.rest);
}

// -- deadlines ----------------------------------------------------------------

void session_machine::expect(limit what, caf::timespan after) {
  deadlines_.set(what, self_->clock().now() + after);
  set_timer();
}

void session_machine::set_timer() {
  auto next = deadlines_.next();
  if (!next)
    return;
  auto now = self_->clock().now();
  auto when = std::min(*next, now + longest_delay);
  // An earlier timer is enough: it checks all deadlines, and is set again.
  if (timer_ != 0 && timer_due_ <= when)
    return;
  timer_ = ++last_number_;
  timer_due_ = when;
  self_->delayed_send(self_, when - now, session_timer{timer_});
}

void session_machine::on(const session_timer& x) {
  if (timer_ != x.number)
    return;
  timer_ = 0;
  while (auto missed = deadlines_.take_due(self_->clock().now()))
    on_missed(*missed);
  set_timer();
}

void session_machine::on_missed(limit what) {
  switch (what) {
    case limit::timeout:
      if (state_ != session_state::running)
        break;
      // If it was asked to end before, this can only shorten the grace.
      if (stopping_ == stopping::no)
        timed_out_ = true;
      stop(signal_name::terminate, spec_.kill.grace);
      break;
    case limit::grace:
      kill();
      update_drain();
      break;
    case limit::unkillable:
      terminating_.fail(make_error(errc::deadline_passed, stage::run,
                                   "the process was killed and does not end"));
      break;
    case limit::drain:
      if (draining_) {
        draining_ = false;
        child_->finish();
      }
      break;
    case limit::read:
      readers_.give_up(self_->clock().now(), pages());
      await_readers();
      break;
  }
}

// -- the end ------------------------------------------------------------------

void session_machine::on_owner_down() {
  // A closed session stays to answer questions about its end, unless its owner
  // alone could release it.
  if (state_ == session_state::closed) {
    if (spec_.limits.retention >= caf::timespan{max_timespan})
      quitting_ = true;
  } else {
    quitting_ = true;
    by_request_ = true;
    kill();
    update_drain();
  }
  on_down(owner_);
}

void session_machine::on_down(const caf::actor_addr& who) {
  if (auto had = subscribers_.remove(who)) {
    released_.out = std::max(released_.out, had->out);
    released_.err = std::max(released_.err, had->err);
    publish();
  }
  quit_if_done();
}

void session_machine::on_exit_request(caf::exit_msg& x) {
  if (x.reason == caf::exit_reason::normal)
    return;
  // A start may be stuck; its process, if there will be one, is ended in the
  // background.
  if (state_ == session_state::starting)
    return self_->quit(x.reason);
  // It ends when its processes are gone, which is soon.
  cut_short_ = true;
  by_request_ = true;
  readers_.fail(already_exited());
  kill();
  settle();
  quit_if_done();
}

void session_machine::stop(signal_name by, caf::timespan grace) {
  if (grace <= caf::timespan::zero()) {
    kill();
    return update_drain();
  }
  if (state_ == session_state::starting) {
    if (stopping_ == stopping::no || grace < early_grace_)
      early_grace_ = grace;
    if (stopping_ == stopping::no) {
      early_signal_ = by;
      stopping_ = stopping::asked;
    }
    return;
  }
  if (stopping_ == stopping::killed)
    return kill();
  if (stopping_ == stopping::no)
    child_->terminate(by);
  stopping_ = stopping::asked;
  // A later request may shorten the grace, never extend it.
  auto due = deadlines_.of(limit::grace);
  if (!due || self_->clock().now() + grace < *due)
    expect(limit::grace, grace);
  update_drain();
}

void session_machine::kill() {
  if (state_ == session_state::closed)
    return;
  stopping_ = stopping::killed;
  deadlines_.clear(limit::grace);
  if (state_ == session_state::starting)
    return;
  child_->kill();
  if (state_ == session_state::running && !deadlines_.of(limit::unkillable))
    expect(limit::unkillable, unkillable_after);
}

void session_machine::close(close_reason why, leftovers rest) {
  why_closed_ = why;
  rest_ = rest;
  deadlines_.clear(limit::grace);
  tell_spawner();
  advance_to(session_state::closed);
  child_.reset();
  publish();
  if (spec_.limits.retention == caf::timespan::zero())
    quitting_ = true;
  quit_if_done();
}

void session_machine::tell_spawner() {
  auto to = caf::actor_cast<session_keeper>(
    std::exchange(spawner_, caf::actor_addr{}));
  if (to)
    self_->send(to, session_over{spec_.id, spec_.limits.retention});
}

void session_machine::quit_if_done() {
  if (cut_short_ && state_ == session_state::closed) {
    abort();
    return self_->quit(caf::exit_reason::user_shutdown);
  }
  if (quitting_ && state_ == session_state::closed && subscribers_.empty())
    self_->quit();
}

void session_machine::abort() {
  for (auto& who : subscribers_.abort(self_, facts()))
    forget(who);
}

void session_machine::fail_everybody(const caf::error& why) {
  input_ = input::closed;
  writes_.fail(why);
  deferred_.clear();
  asked_.fail(why);
  until_ready_.fail(why);
  until_exit_.fail(why);
  terminating_.fail(why);
}

void launch_session(caf::local_actor& keeper, const caf::actor_addr& owner,
                    command spec, std::unique_ptr<child> process,
                    const std::function<void(const session_impl&)>& begin) {
  // No other actor can reach the session, let alone end it, before `begin` has
  // sent it a message.
  auto& started = *process;
  auto args = std::make_shared<session_args>(
    session_args{spec, std::move(process), keeper.address(), owner});
  auto made = session_machine::spawn_in<caf::lazy_init>(keeper,
                                                        std::move(args));
  begin(made);
  auto credit = first_credit(spec);
  started.start(std::move(spec), credit,
                [made](child_event x) { caf::anon_send(made, std::move(x)); });
}

} // namespace procession
