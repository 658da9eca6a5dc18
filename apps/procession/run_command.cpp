#include "run_command.hpp"

#include "attachment.hpp"
#include "console_signals.hpp"
#include "terminal_mode.hpp"

#include "procession/actors/actor_system.hpp"
#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <future>
#include <memory>
#include <mutex>
#include <optional>

namespace procession::cli {

namespace {

place make_place(caf::actor_system& sys, const runtime& rt,
                 const run_options& options) {
  if (!options.runner)
    return {make_spawner(sys, rt), {}};
  // There is only one program to run, so the end of its runner is reported.
  auto terms = *options.runner;
  terms.restart = false;
  auto node = start_runner(sys, rt, terms);
  return {make_spawner(sys, node), node.actor()};
}

/// Our terminal, which the program gets for the time of the run.
class program_terminal {
public:
  explicit program_terminal(const run_options& options)
    : wanted_(options.input == input_source::ours
              && options.spec.stdio.kind == stdio_kind::pty
              && input_is_terminal()),
      output_(options.json ? raw_mode::output::cooked : raw_mode::output::raw) {
    // nop
  }

  /// Hands it over, once.
  void take() {
    std::lock_guard guard{mutex_};
    if (wanted_ && !mode_)
      mode_.emplace(output_);
  }

  /// Input typed before the terminal became raw.
  std::string typed_ahead() {
    std::lock_guard guard{mutex_};
    return mode_ ? mode_->take_typed_ahead() : std::string{};
  }

  /// Sets the mode again, which a shell may have changed while we were stopped.
  void renew() {
    if (std::lock_guard guard{mutex_}; mode_)
      mode_->renew();
  }

  void suspend() {
    if (std::lock_guard guard{mutex_}; mode_)
      mode_->suspend();
  }

  void give_back() {
    std::lock_guard guard{mutex_};
    mode_.reset();
  }

private:
  bool wanted_;
  raw_mode::output output_;
  std::mutex mutex_;
  std::optional<raw_mode> mode_;
};

run_end run_attached(const run_options& options) {
  // Before the first thread, as the threads inherit it.
  block_console_signals();
  program_terminal terminal{options};
  // As early as possible: keys typed before are shown twice. But a runner may
  // take long to start, or ask for a password, and in raw mode no key would
  // interrupt it.
  if (!options.runner)
    terminal.take();
  runtime rt;
  config cfg;
  // One worker is enough: there is one session, and blocking parts have their
  // own threads.
  cfg.set(caf_option::scheduler_threads, std::size_t{1});
  actor_system sys{cfg, rt};
  auto end = std::make_shared<run_end>();
  auto where = make_place(sys, rt, options);
  {
    std::promise<caf::actor> started;
    auto bridge = started.get_future().share();
    console_signal_thread signals{[&](console_signal x) {
      if (x == console_signal::resumed)
        terminal.renew();
      caf::anon_send(bridge.get(), x);
    }};
    auto ready = [&] {
      terminal.take();
      return terminal.typed_ahead();
    };
    auto suspend = [&] {
      terminal.suspend();
      signals.stop_job();
    };
    started.set_value(
      spawn_attachment(sys, where, options, {ready, suspend}, end));
    caf::scoped_actor self{sys};
    self->wait_for(bridge.get());
  }
  terminal.give_back();
  // Even if the runner is still starting and keeps itself alive.
  if (where.host)
    caf::anon_send_exit(where.host, caf::exit_reason::user_shutdown);
  return *end;
}

} // namespace

int run_command(run_options options) {
  auto end = run_attached(options);
  if (!end.problem.empty())
    spdlog::error(end.problem);
  return end.code;
}

} // namespace procession::cli
