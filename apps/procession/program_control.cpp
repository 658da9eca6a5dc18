#include "program_control.hpp"

#include "job_control.hpp"
#include "terminal_mode.hpp"

#include <caf/actor_clock.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace procession::cli {

program_control::program_control(caf::event_based_actor* self,
                                 const run_options& options, hooks ask)
  : self_(self), ask_(std::move(ask)), has_runner_(options.runner.has_value()),
    follow_size_(options.follow_size),
    report_stops_(options.spec.report_stops) {
  // nop
}

void program_control::on(console_signal x) {
  if (!session_)
    return on_early(x);
  switch (x) {
    case console_signal::resized:
      return send_size();
    case console_signal::resumed:
      return on_resumed();
    case console_signal::interrupt:
      return on_key(signal_name::interrupt);
    case console_signal::quit:
      return on_key(signal_name::quit);
    case console_signal::hangup:
      return on_request_to_end(signal_name::hangup);
    case console_signal::terminate:
      return on_request_to_end(signal_name::terminate);
    case console_signal::stop:
      return suspend();
    case console_signal::user1:
      return send_signal(signal_name::user1);
    case console_signal::user2:
      return send_signal(signal_name::user2);
    case console_signal::alarm:
      return send_signal(signal_name::alarm);
  }
}

void program_control::on_early(console_signal x) {
  // A runner may take long to start, and the user may give up before there is a
  // program that could take the signal.
  if (has_runner_)
    switch (x) {
      case console_signal::stop:
        return suspend_us();
      case console_signal::hangup:
        return ask_.leave(128 + 1);
      case console_signal::interrupt:
        return ask_.leave(128 + 2);
      case console_signal::quit:
        return ask_.leave(128 + 3);
      case console_signal::terminate:
        return ask_.leave(128 + 15);
      default:
        break;
    }
  early_.push_back(x);
}

void program_control::on_started(session x) {
  session_ = std::move(x);
  for (auto signal : std::exchange(early_, {}))
    on(signal);
}

void program_control::send_signal(signal_name x) {
  caf::anon_send(session_, signal_atom_v, x);
}

void program_control::send_size() {
  if (auto size = console_size(); size && follow_size_)
    caf::anon_send(session_, resize_atom_v, *size);
}

// -- suspended ----------------------------------------------------------------

void program_control::suspend() {
  if (!can_be_suspended())
    return spdlog::debug("no shell could continue us, so nothing is stopped");
  if (exited_ || program_stopped_)
    return suspend_us();
  // If stops are reported, we stop when the program has.
  self_->request(session_, caf::infinite, signal_atom_v, signal_name::stop)
    .then(
      [this] {
        if (!report_stops_)
          suspend_us();
      },
      [this](const caf::error&) { suspend_us(); });
}

void program_control::suspend_us() {
  if (!can_be_suspended())
    return spdlog::debug("no shell could continue us, so we are not stopped");
  suspended_ = true;
  ask_.suspend();
}

void program_control::on_stopped() {
  if (!std::exchange(program_stopped_, true))
    suspend_us();
}

void program_control::on_resumed() {
  send_size();
  if (!std::exchange(suspended_, false))
    return;
  // The report that the program goes on is delayed, and the program may be
  // stopped again before it arrives.
  program_stopped_ = false;
  send_signal(signal_name::resume);
}

// -- requests to end ----------------------------------------------------------

void program_control::on_key(signal_name x) {
  auto repeated = keys_.repeats(self_->clock().now());
  if (!exited_)
    send_signal(x);
  else if (!repeated)
    // The program has exited, so the key is meant for us.
    ask_.finish();
}

void program_control::on_request_to_end(signal_name by) {
  if (requests_.repeats(self_->clock().now()))
    return;
  if (!std::exchange(asked_to_end_, true))
    return ask_.end_program(by);
  insist();
}

void program_control::escape() {
  if (std::exchange(escaped_, true) || exited_)
    return insist();
  ask_.end_program(signal_name::hangup);
}

/// A second request kills at once.
void program_control::insist() {
  caf::anon_send(session_, terminate_atom_v, caf::timespan::zero());
  if (exited_)
    ask_.finish();
}

} // namespace procession::cli
