#include "run_command.hpp"

#include "attachment.hpp"
#include "console_signals.hpp"
#include "terminal_mode.hpp"

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

/// One worker does: there is one session, and what may block has threads of
/// its own.
class cli_config : public config {
public:
  cli_config() {
    set("scheduler.max-threads", std::size_t{1});
  }
};

place make_place(caf::actor_system& sys, const runtime& rt,
                 const run_options& options) {
  if (!options.runner)
    return {make_spawner(sys, rt), {}};
  auto node = start_runner(sys, rt, *options.runner);
  return {make_spawner(sys, node), node.actor()};
}

run_end run_attached(const run_options& options) {
  // Before the first thread, as the threads inherit it.
  block_console_signals();
  runtime rt;
  cli_config cfg;
  caf::actor_system sys{cfg};
  std::mutex raw_mutex;
  auto raw = std::optional<raw_mode>{};
  // Not before there is a program to type to: in raw mode no key interrupts us.
  auto ready = [&] {
    std::lock_guard guard{raw_mutex};
    if (options.forward_input && options.spec.stdio.kind == stdio_kind::pty
        && input_is_terminal())
      raw.emplace(options.json ? raw_mode::output::cooked
                               : raw_mode::output::raw);
  };
  auto end = std::make_shared<run_end>();
  auto where = make_place(sys, rt, options);
  {
    // All threads are started before the terminal is in raw mode.
    std::promise<caf::actor> started;
    auto bridge = started.get_future().share();
    console_signal_thread signals{[&](console_signal x) {
      // Whoever stopped us meanwhile has set the terminal as he likes it.
      if (std::lock_guard guard{raw_mutex}; x == console_signal::resumed && raw)
        raw->renew();
      caf::anon_send(bridge.get(), x);
    }};
    auto suspend = [&] {
      if (std::lock_guard guard{raw_mutex}; raw)
        raw->suspend();
      signals.stop_job();
    };
    started.set_value(
      spawn_attachment(sys, where, options, {ready, suspend}, end));
    caf::scoped_actor self{sys};
    self->wait_for(bridge.get());
  }
  // Even one that is still waited for, and so holds on to itself.
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
