// procession-mcp: Procession for any agent that speaks the Model Context
// Protocol.
//
// It puts the exec tool (procession/actors/exec_tool.hpp), which runs commands
// and keeps the longer ones as sessions, behind JSON-RPC on standard input and
// output:
//
//   line_io     the two streams, each on its own thread
//   json_rpc    the form of messages
//   reply_path  the way of an answer: out, or into the answer to a batch
//   tool_list   the tools as a model sees them, with their schemas
//   arguments   the arguments of a call, by any name that models use
//   calls       the request of a call to the exec tool
//   results     the answers of the exec tool as results of calls
//   tool_calls  the calls that are open
//   server      the actor that speaks with the client
//
// The exec tool does not care where its sessions live: with --as they run under
// another user, with --runner where a command line connects us to. The client
// closes our input to end us; then we end all sessions and exit. If we are
// killed instead, the sessions end as well.
#include "line_io.hpp"
#include "server.hpp"
#include "standard_bytes.hpp"

#include <procession/actors/actor_system.hpp>
#include <procession/actors/exec_tool.hpp>
#include <procession/actors/runner_node.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>

#include "common/manual.hpp"
#include "common/standard_streams.hpp"
#include "common/start_up.hpp"
#include "common/words.hpp"

#include <CLI/CLI.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace ps = procession;

namespace {

constexpr auto bad_usage = 2;

constexpr auto footer = R"(
It is not meant to be started by hand: the configuration of an agent has it as a
command. Commands run in the directory in which it was started. Its tools are
exec_command, write_stdin, poll, resize_session, signal_session, list_sessions,
terminate and terminate_all. When standard input ends, all sessions are ended.

Exit codes:
  0  the input has ended
  1  it cannot start, or an internal error
  2  bad usage
)";

struct choices {
  std::string user;
  std::vector<std::string> runner;
  std::vector<std::string> shell;
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
  options.command = chosen.runner;
  return ps::make_spawner(system, ps::start_runner(system, runtime, options));
}

int serve(const choices& chosen) {
  prepare_output();
  ps::runtime runtime;
  ps::config config;
  ps::actor_system system{config, runtime};
  auto spawner = make_spawner(system, runtime, chosen);
  ps::exec_tool_options options;
  options.shell = chosen.shell;
  options.max_sessions = chosen.max_sessions;
  // Clients do not wait long for us to end.
  options.kill.grace = std::chrono::seconds{1};
  auto tool = ps::make_exec_tool(system, spawner, options);
  std::error_code ec;
  tools::surroundings where{chosen.shell,
                            chosen.runner.empty()
                              ? std::filesystem::current_path(ec).string()
                              : "of the runner"};
  line_io io{chosen.max_line};
  std::chrono::duration<double> progress{chosen.progress};
  auto conversation = system.spawn([&](server::pointer self) {
    return procession::state_of(self).make_behavior(
      tool, io,
      {where, std::chrono::duration_cast<caf::timespan>(progress),
       chosen.max_line});
  });
  caf::scoped_actor self{system};
  self->monitor(conversation);
  io.start({[=](std::string line) {
              caf::anon_send(conversation, mcp::line_atom_v, std::move(line));
            },
            [=](const nlohmann::json& id) {
              caf::anon_send(conversation, mcp::overlong_atom_v,
                             rpc::to_line(id));
            },
            [=] { caf::anon_send(conversation, mcp::end_atom_v); }});
  caf::error why;
  self->receive([&](const caf::down_msg& x) { why = x.reason; });
  if (why) {
    ps::say("procession-mcp: internal error: " + ps::describe(why) + '\n');
    // The reading thread may wait for a client that has nothing to send, so it
    // cannot be joined. The sessions end without us.
    std::_Exit(EXIT_FAILURE);
  }
  caf::anon_send_exit(tool, caf::exit_reason::user_shutdown);
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  constexpr auto version = "procession-mcp " PROCESSION_VERSION;
  CLI::App app{"Runs commands for an agent: a Model Context Protocol server on "
               "stdio",
               "procession-mcp"};
  ps::manual pages{app, version};
  choices chosen;
  std::string runner;
  std::string shell;
  auto* user = app
                 .add_option(
                   "--as", chosen.user,
                   "Run commands as this user; needs root; not with --runner")
                 ->type_name("USER");
  app
    .add_option(
      "--runner", runner,
      "Run commands in the runner that COMMAND starts, as in 'ssh host "
      "procession-runner --stdio'; quotes work, but no shell is used")
    ->type_name("COMMAND")
    ->excludes(user);
  app
    .add_option("--shell", shell,
                "The shell for commands, with its option; default: 'bash -c' "
                "if bash is installed and --runner is not given, else the "
                "system's shell")
    ->type_name("WORDS");
  app
    .add_option("--max-sessions", chosen.max_sessions,
                "The largest number of sessions at a time")
    ->type_name("N")
    ->check(CLI::Range(1, 4096))
    ->capture_default_str();
  app
    .add_option("--progress", chosen.progress,
                "Seconds between notifications about a call that is still "
                "running, for clients that ask for them")
    ->type_name("SECONDS")
    ->check(CLI::Range(0.01, 3600.))
    ->capture_default_str();
  app.add_option("--max-line", chosen.max_line, "Largest message, in bytes")
    ->type_name("BYTES")
    ->check(CLI::Range(1024, 1024 * 1024 * 1024))
    ->capture_default_str();
  app.footer(footer);
  if (pages.print_document({argv + 1, argv + std::max(argc, 1)}))
    return EXIT_SUCCESS;
  try {
    app.parse(argc, argv);
    if (!runner.empty())
      chosen.runner = ps::command_words("--runner", runner);
    if (!shell.empty())
      chosen.shell = ps::command_words("--shell", shell);
    else if (chosen.runner.empty())
      chosen.shell = agent_shell();
    else
      chosen.shell = ps::default_shell();
  } catch (const CLI::ParseError& x) {
    if (auto code = pages.print_answer(x))
      return *code;
    ps::say("procession-mcp: " + std::string{x.what()}
            + "; try procession-mcp --help\n");
    return bad_usage;
  }
  ps::start_up(
    [](const std::string& why) { ps::say("procession-mcp: " + why + '\n'); },
    EXIT_FAILURE);
  return serve(chosen);
}
