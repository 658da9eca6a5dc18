#include "error_log.hpp"
#include "exit_codes.hpp"
#include "program_arguments.hpp"
#include "run_arguments.hpp"
#include "sandbox_command.hpp"
#include "stdio_threads.hpp"
#include "terminal_mode.hpp"

#include "common/manual.hpp"
#include "common/start_up.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

namespace procession::cli {

namespace {

constexpr auto version = "procession " PROCESSION_VERSION;

/// Returns the error as CLI11 words it, or a clearer one.
/// @param words the arguments after --.
std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& x,
                          const std::vector<std::string>& words) {
  auto example = [](const std::vector<std::string>& program) {
    return "; to run a program: procession run -- "
           + CLI::detail::join(program, " ");
  };
  auto extras = app.remaining(true);
  auto chosen = !app.get_subcommands().empty();
  if (extras.empty())
    return chosen || words.empty() ? x.what()
                                   : "a command is missing" + example(words);
  if (chosen && dynamic_cast<const CLI::ExtrasError*>(&x) == nullptr)
    return x.what();
  auto& first = extras.front();
  auto quoted = '\'' + first + '\'';
  if (first.front() != '-')
    return chosen ? "unexpected: " + CLI::detail::join(extras, " ")
                      + "; put the program and its arguments after --"
                  : "there is no command " + quoted + example(extras);
  auto* run = app.get_subcommand("run");
  if (!app.remaining().empty() && run->get_option_no_throw(first) != nullptr)
    return "the option " + quoted + " must follow 'run'";
  return "there is no option " + quoted;
}

int main_of(const std::vector<std::string>& args) {
  CLI::App app{"Runs programs in process sessions", "procession"};
  manual pages{app, version};
  app.require_subcommand(1);
  app.footer("See: procession run --help");
  run_arguments run{app, pages};
  auto sandbox = add_sandbox_command(app);
  if (pages.print_document(args))
    return exit_ok;
  // CLI11 must not see the arguments after --, which belong to the program.
  auto mark = std::find(args.begin(), args.end(), "--");
  std::vector<std::string> words;
  if (mark != args.end())
    words.assign(mark + 1, args.end());
  std::vector<std::string> ours{args.begin(), mark};
  std::reverse(ours.begin(), ours.end());
  try {
    app.parse(std::move(ours));
    if (auto code = sandbox())
      return *code;
    if (run.verbose())
      spdlog::set_level(spdlog::level::debug);
    return run_command(run.interpret(words));
  } catch (const CLI::ParseError& x) {
    if (auto code = pages.print_answer(x))
      return *code;
    spdlog::error("{}\n{}Try: procession run --help",
                  what_is_wrong(app, x, words), pages.usage(app));
    return exit_usage;
  }
}

} // namespace

} // namespace procession::cli

int main(int argc, char** argv) {
  using namespace procession;
  cli::complete_stdio();
  cli::set_up_error_log();
  auto say_last = [](const std::string& why) {
    cli::restore_terminal_mode();
    spdlog::error(why);
  };
  start_up(say_last, cli::exit_own_failure);
  return cli::main_of(cli::program_arguments(argc, argv));
}
