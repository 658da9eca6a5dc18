#include "escape_keys.hpp"
#include "job_control.hpp"
#include "program_arguments.hpp"
#include "run_command.hpp"
#include "sandbox_command.hpp"
#include "stdio_threads.hpp"
#include "terminal_mode.hpp"

#include "common/standard_streams.hpp"
#include "common/start_up.hpp"
#include "common/words.hpp"

#include "procession/io/printable.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace procession::cli {

namespace {

/// What CLI11 says, and what may have been meant.
std::string what_is_wrong(const CLI::ParseError& x) {
  std::string result = x.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&x) != nullptr)
    result += "; the program and its arguments stand behind --";
  return result;
}

constexpr auto usage = "Usage: procession run [OPTIONS] -- PROGRAM [ARGS...]\n"
                       "       procession --version | --help\n";

constexpr auto footer = R"(
Standard input, output and error are the session's. Nothing is lost: a slow
reader of our output holds the program back, a slow program our input. When the
program has ended, so has its whole tree of processes.

Signals go to PROGRAM: INT, QUIT, USR1, USR2 and ALRM as they are; TERM and HUP
ask its tree to end, and kill it after the grace, or at once when they come again
after a second. When PROGRAM or its terminal is suspended, so is procession, and
continues it. At the start of a line on a terminal, these keys always work:
  ~.   ask PROGRAM to end; once more: kill it
  ~^Z  suspend it
  ~?   list these keys
  ~~   type ~

A runner is a process in another security context, in which PROGRAM runs: under
another user (--as), or wherever a command line leads (--runner): on another
machine, in a container. PROGRAM, DIR and the rest of the environment are those
of that place. When the connection ends, PROGRAM is killed there.

Exit codes:
  that of PROGRAM; 128+n if it was ended by signal n
  124  --timeout ended it
  125  procession itself failed, or the runner did
  126  PROGRAM cannot be executed, or not from that directory
  127  PROGRAM was not found
  141  our standard output was closed by its reader
  2    bad usage

Examples:
  procession run -- make -j8
  procession run --timeout 60 --cwd src --env CC=clang -- ./configure
  procession run --pty --size 40x120 -- python3 -q
  procession run --json -- sh -c 'echo out; echo err >&2; exit 3'
  procession run --as nobody -- id
  procession run --runner 'ssh host procession-runner --stdio' -- make test
  procession run --runner 'bwrap --ro-bind / / --dev /dev --proc /proc
      --unshare-net procession-runner --stdio' -- sh
)";

class formatter : public CLI::Formatter {
public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return usage;
  }

  // What excludes what is told in the descriptions.
  std::string make_option_opts(const CLI::Option* x) const override {
    return x->get_type_size() == 0 ? "" : ' ' + x->get_type_name();
  }
};

/// What the options say, as they are.
struct raw_options {
  bool pty = false;
  bool pipes = false;
  bool no_stdin = false;
  bool json = false;
  bool verbose = false;
  std::optional<std::string> user;
  std::optional<std::string> runner;
  std::string cwd;
  std::vector<std::string> env;
  double timeout = 0;
  double grace = 5;
  std::string size;
  std::string escape = "~";
};

char escape_of(const std::string& name) {
  if (name == "none")
    return 0;
  if (auto key = parse_escape(name))
    return key;
  throw CLI::ValidationError{"--escape", "'" + name
                                           + "' is neither a key, nor ^ and "
                                             "one, nor none"};
}

caf::timespan seconds(const char* option, double x) {
  auto most = std::chrono::duration<double>{max_timespan}.count();
  if (!(x >= 0) || x > most)
    throw CLI::ValidationError{option, "not a sensible number of seconds"};
  return std::chrono::duration_cast<caf::timespan>(
    std::chrono::duration<double>{x});
}

terminal_size parse_size(const std::string& text) {
  terminal_size result;
  auto end = text.data() + text.size();
  auto rows = std::from_chars(text.data(), end, result.rows);
  if (rows.ec == std::errc{} && rows.ptr != end && *rows.ptr == 'x') {
    auto cols = std::from_chars(rows.ptr + 1, end, result.cols);
    if (cols.ec == std::errc{} && cols.ptr == end && !validate(result))
      return result;
  }
  throw CLI::ValidationError{"--size", "'" + text + "' is not ROWSxCOLS"};
}

void add_variable(environment& env, const std::string& text) {
  auto at = text.find('=');
  if (at == std::string::npos || at == 0)
    throw CLI::ValidationError{"--env", "'" + text + "' is not NAME=VALUE"};
  env.set[text.substr(0, at)] = text.substr(at + 1);
}

std::optional<runner_options> make_runner(const raw_options& x) {
  runner_options result;
  if (x.user) {
    if (x.user->empty())
      throw CLI::ValidationError{"--as", "needs the name of a user"};
    result.user = *x.user;
    return result;
  }
  if (!x.runner)
    return std::nullopt;
  auto words = split_words(*x.runner);
  if (!words)
    throw CLI::ValidationError{"--runner", "has a quote that is not closed"};
  if (words->empty() || words->front().empty())
    throw CLI::ValidationError{"--runner", "needs a command line"};
  result.command = std::move(*words);
  return result;
}

void declare(CLI::App& run, raw_options& x) {
  auto pty = run.add_flag("--pty", x.pty,
                          "Run on a terminal of its own; the default when "
                          "standard input is one");
  auto pipes = run.add_flag("--pipes", x.pipes,
                            "Run on pipes, not on a terminal; the default "
                            "otherwise");
  pty->excludes(pipes);
  run.add_flag("--no-stdin", x.no_stdin,
               "Give it no input: on pipes the null device, on a terminal its "
               "end at once; without --pty it means pipes");
  auto user = run
                .add_option("--as", x.user,
                            "Run as that user, in a runner, with an "
                            "environment of that user and in /, if nothing "
                            "else is said; needs root (on Windows: procession "
                            "sandbox setup)")
                ->type_name("USER");
  run
    .add_option("--runner", x.runner,
                "Run in the runner that this command line leads to; it is "
                "split as a shell would, but no shell is started")
    ->type_name("COMMAND")
    ->excludes(user);
  run.add_option("--cwd", x.cwd, "Directory to run in")->type_name("DIR");
  run.add_option("--env", x.env, "Set a variable; may be repeated")
    ->type_name("NAME=VALUE")
    ->allow_extra_args(false);
  run
    .add_option("--timeout", x.timeout,
                "End it after so long; 0: never (the default)")
    ->type_name("SECONDS");
  run
    .add_option("--grace", x.grace,
                "Time between asking it to end and killing it; default 5")
    ->type_name("SECONDS");
  run
    .add_option("--size", x.size,
                "Size of its terminal, which implies --pty; without it, that "
                "of ours is followed, or it is 24x80")
    ->type_name("ROWSxCOLS")
    ->excludes(pipes);
  run
    .add_option("--escape", x.escape,
                "The key that begins what is typed for procession itself, or "
                "none; ^X for a control key; default ~")
    ->type_name("KEY");
  run.add_flag("--json", x.json, "Print events as JSON lines, bytes in base64");
  run.add_flag("-v,--verbose", x.verbose, "Say what happens, on error output");
}

run_options interpret(const raw_options& x,
                      const std::vector<std::string>& words) {
  if (words.empty())
    throw CLI::ValidationError{"PROGRAM", "is missing; put it behind --"};
  run_options result;
  auto& spec = result.spec;
  spec.program = words.front();
  spec.args.assign(words.begin() + 1, words.end());
  spec.cwd = x.cwd;
  for (auto& variable : x.env)
    add_variable(spec.env, variable);
  spec.limits.timeout = seconds("--timeout", x.timeout);
  spec.kill.grace = seconds("--grace", x.grace);
  result.json = x.json;
  result.forward_input = !x.no_stdin;
  result.follow_size = x.size.empty();
  auto escape = escape_of(x.escape);
  result.runner = make_runner(x);
  auto on_terminal = x.pty || !x.size.empty()
                     || (!x.pipes && !x.no_stdin && input_is_terminal());
  if (!on_terminal)
    spec.stdio = pipes(x.no_stdin ? stdin_kind::null : stdin_kind::pipe);
  else if (!x.size.empty())
    spec.stdio = pty(parse_size(x.size));
  else
    spec.stdio = pty(console_size().value_or(terminal_size{}));
  auto typed_to = on_terminal && result.forward_input && input_is_terminal();
  if (typed_to)
    result.escape = escape;
  // To stop with it if there is a shell to continue us, or to say that there is
  // none; it costs a thread.
  spec.report_stops = typed_to || can_be_suspended();
  // The kind of terminal is ours, while a runner's environment is its own.
  if (auto* term = std::getenv("TERM");
      term != nullptr && on_terminal && result.runner)
    spec.env.set.emplace("TERM", term);
  if (auto bad = validate(spec))
    throw CLI::ValidationError{"run", bad->detail.text};
  return result;
}

/// The lines of a message, with nothing in them that plays with a terminal: the
/// names in it may be the user's, or a runner's.
std::string fit_to_be_shown(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    auto end = text.find('\n');
    result += printable(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    result += '\n';
    text.remove_prefix(end + 1);
  }
  return result;
}

/// Our error output, which may be one that does not block.
class error_output : public spdlog::sinks::base_sink<std::mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& x) override {
    auto line = x;
    auto shown = fit_to_be_shown({x.payload.data(), x.payload.size()});
    line.payload = shown;
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    say({text.data(), text.size()});
  }

  void flush_() override {
    // Everything is written at once.
  }
};

void set_up_log() {
  auto log = std::make_shared<spdlog::logger>("procession",
                                              std::make_shared<error_output>());
  // A terminal may be in raw mode, where a new line alone goes only down.
  log->set_formatter(std::make_unique<spdlog::pattern_formatter>(
    "procession: %v", spdlog::pattern_time_type::local,
    error_output_is_terminal() ? "\r\n" : "\n"));
  log->set_level(spdlog::level::err);
  spdlog::set_default_logger(std::move(log));
}

int main_of(const std::vector<std::string>& args) {
  CLI::App app{"Runs programs in process sessions.", "procession"};
  app.formatter(std::make_shared<formatter>());
  app.set_version_flag("--version", "procession " PROCESSION_VERSION);
  app.require_subcommand(1);
  app.footer("See: procession run --help");
  auto run = app.add_subcommand("run", "Run a program, attached to it");
  run->footer(footer);
  raw_options given;
  declare(*run, given);
  auto sandbox = add_sandbox_command(app);
  // What follows -- is the program's, to the letter: CLI11 would look into it.
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
    if (given.verbose)
      spdlog::set_level(spdlog::level::debug);
    return run_command(interpret(given, words));
  } catch (const CLI::ParseError& x) {
    if (x.get_exit_code() == 0) {
      std::ostringstream text;
      auto code = app.exit(x, text, text);
      print(text.str());
      return code;
    }
    spdlog::error("{}\n{}Try: procession run --help", what_is_wrong(x), usage);
    return exit_usage;
  }
}

} // namespace

} // namespace procession::cli

int main(int argc, char** argv) {
  procession::cli::complete_stdio();
  procession::cli::set_up_log();
  procession::start_up([](const std::string& why) { spdlog::error(why); },
                       procession::cli::exit_own_failure);
  return procession::cli::main_of(
    procession::cli::program_arguments(argc, argv));
}
