#include "program_start.hpp"

#include "exit_codes.hpp"
#include "run_outcome.hpp"

#include "common/duration.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace procession::cli {

program_start::program_start(caf::event_based_actor* self, place where,
                             command spec, hooks tell)
  : self_(self), where_(std::move(where)), spec_(std::move(spec)),
    tell_(std::move(tell)) {
  // The session ends with its owner.
  spec_.owner = ownership::sender;
}

void program_start::begin() {
  began_ = self_->clock().now();
  if (!where_.host)
    return start_program();
  spdlog::debug("starting a runner");
  self_->request(where_.host, caf::infinite, wait_atom_v)
    .then(
      [this](const runner_info& x) {
        spdlog::debug("{}", to_string(x));
        start_program();
      },
      // If something is not found or not allowed here, it is not PROGRAM.
      [this](const caf::error& x) { fail(x, exit_own_failure); });
}

void program_start::start_program() {
  // The run has already failed by its time-out.
  if (phase_ == phase::over)
    return;
  phase_ = phase::program;
  tell_.on_ready();
  // The time that the runner took counts.
  if (auto& timeout = spec_.limits.timeout; timeout > caf::timespan::zero())
    timeout = std::max<caf::timespan>(began_ + timeout - self_->clock().now(),
                                      std::chrono::milliseconds{1});
  spdlog::debug("starting {}", to_string(spec_));
  self_
    ->request(where_.sessions, caf::infinite, spawn_atom_v, spec_,
              subscription{})
    .then([this](session& x) { on_started(std::move(x)); },
          [this](const caf::error& x) { fail(x, exit_code_of(x)); });
}

void program_start::on_started(session x) {
  // As above.
  if (phase_ == phase::over)
    return caf::anon_send(x, terminate_atom_v, caf::timespan::zero());
  phase_ = phase::over;
  tell_.on_started(std::move(x));
}

void program_start::fail(const caf::error& why, int code) {
  if (std::exchange(phase_, phase::over) != phase::over)
    tell_.on_failed(why, code);
}

void program_start::on_overdue() {
  if (phase_ == phase::over)
    return;
  auto in_runner = where_.host && phase_ == phase::runner;
  fail(
    make_error(errc::deadline_passed, in_runner ? stage::launch : stage::spawn,
               "timed out after " + to_duration(self_->clock().now() - began_)
                 + (in_runner ? ": the runner was still starting"
                              : ": the program was still starting")),
    exit_timed_out);
}

} // namespace procession::cli
