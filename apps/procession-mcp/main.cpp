// MCP server: Procession for any agent that speaks the Model Context Protocol.
//
// It is the exec tool (procession/actors/exec_tool.hpp), which runs commands
// and keeps those that take longer as sessions, behind JSON-RPC on standard
// input and output:
//
//   line_io    the two streams, on threads of their own
//   json_rpc   what a message is
//   tools      the tools as a model sees them: schemas, arguments, results
//   server     the actor that has the conversation
//
// The exec tool does not care where its sessions live: with --as they run under
// another user, with --runner wherever a command line leads. The client closes
// our input to end us; then all sessions are ended, and we are gone. If we are
// killed instead, they end as well.
#include "line_io.hpp"
#include "server.hpp"

#include <procession/actors/exec_tool.hpp>
#include <procession/actors/runner_node.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>

#include "common/standard_streams.hpp"
#include "common/start_up.hpp"

#include <CLI/CLI.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <cstdlib>
#include <string>

namespace ps = procession;

namespace {

struct choices {
  std::string user;
  std::string runner;
  double progress = 5;
  std::size_t max_sessions = 64;
  std::size_t max_line = 4 * 1024 * 1024;
};

ps::spawner make_spawner(caf::actor_system& system, const ps::runtime& runtime,
                         const choices& chosen) {
  if (chosen.user.empty() && chosen.runner.empty())
    return ps::make_spawner(system, runtime);
  ps::runner_options options;
  options.user = chosen.user;
  if (!chosen.runner.empty())
    options.command = {"sh", "-c", "exec " + chosen.runner};
  return ps::make_spawner(system, ps::start_runner(system, runtime, options));
}

int serve(const choices& chosen) {
  // A client that is gone is the end of a write, not of us.
  std::signal(SIGPIPE, SIG_IGN);
  ps::runtime runtime;
  ps::config config;
  caf::actor_system system{config};
  auto spawner = make_spawner(system, runtime, chosen);
  ps::exec_tool_options options;
  options.max_sessions = chosen.max_sessions;
  // Clients do not wait for long when they end us.
  options.kill.grace = std::chrono::seconds{1};
  auto tool = ps::make_exec_tool(system, spawner, options);
  line_io io{chosen.max_line};
  std::chrono::duration<double> progress{chosen.progress};
  auto conversation = system.spawn([&](server::pointer self) {
    return self->state.make_behavior(
      tool, &io,
      {options.shell, std::chrono::duration_cast<caf::timespan>(progress)});
  });
  io.start({[=](std::string line) {
              caf::anon_send(conversation, line_atom::value, std::move(line));
            },
            [=] { caf::anon_send(conversation, overlong_atom::value); },
            [=] { caf::anon_send(conversation, end_atom::value); }});
  caf::scoped_actor self{system};
  self->wait_for(conversation);
  caf::anon_send_exit(tool, caf::exit_reason::user_shutdown);
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs commands for an agent: a Model Context Protocol server on "
               "standard input and output."};
  choices chosen;
  auto* user = app.add_option("--as", chosen.user,
                              "Run commands as this user (needs root)");
  app
    .add_option("--runner", chosen.runner,
                "Run commands where this leads, as in 'ssh host "
                "procession-runner --stdio'")
    ->excludes(user);
  app.add_option("--max-sessions", chosen.max_sessions, "Sessions at a time")
    ->check(CLI::Range(1, 4096))
    ->capture_default_str();
  app
    .add_option("--progress", chosen.progress,
                "Seconds between notifications about a call that goes on")
    ->check(CLI::Range(0.01, 3600.))
    ->capture_default_str();
  app.add_option("--max-line", chosen.max_line, "Bytes a message may have")
    ->check(CLI::Range(1024, 1024 * 1024 * 1024))
    ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  ps::start_up(
    [](const std::string& why) { ps::say("mcp_server: " + why + '\n'); },
    EXIT_FAILURE);
  return serve(chosen);
}
