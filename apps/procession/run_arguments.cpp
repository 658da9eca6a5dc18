#include "run_arguments.hpp"

#include "escape_keys.hpp"
#include "job_control.hpp"
#include "terminal_mode.hpp"

#include "common/duration.hpp"
#include "common/words.hpp"

#include <charconv>
#include <cstdlib>

namespace procession::cli {

namespace {

constexpr auto about = R"(
The session uses our standard input, output and error. Nothing is lost: a slow
reader of our output slows the program down, and a slow program slows our input
down. When the program ends, its whole tree of processes ends.

If both our standard input and our standard output are terminals, PROGRAM gets a
terminal of its own, and both its outputs are shown on ours. Otherwise it gets
pipes: redirected output has exactly the bytes that PROGRAM wrote, and standard
error stays separate. With --pty and redirected input PROGRAM reads that input
directly, and keys go to its terminal, as in `cmd | less`; if there is no
terminal at all, or with --runner or --stdin typed, the input is typed on
PROGRAM's terminal, followed by an end of input.

TIME is a number of seconds, or numbers with the units d, h, m, s and ms: 30,
1.5, 500ms, 2m, 1h30m.

Signals and keys:

Signals go to PROGRAM: INT, QUIT, USR1, USR2 and ALRM as they are; TERM and HUP
ask its tree to end, and kill it after the grace; a second one, at least a
second later, kills at once. When PROGRAM is suspended, so is procession, and
continuing procession continues PROGRAM.

When our input is a terminal and PROGRAM has a terminal of its own, these keys
work at the start of a line, even if PROGRAM is stuck.

  ~.   end PROGRAM as closing its terminal does; once more: kill it
  ~^Z  suspend it and procession
  ~?   list these keys
  ~~   type ~

Processes that PROGRAM leaves in the background end with it. If they hold the
output open, procession first waits 2 s for more output.

PROGRAM leads its own session, in which no shell could continue it, so the
kernel discards the stop that ^Z asks for: ~^Z is the way to suspend PROGRAM. (A
shell as PROGRAM suspends its jobs by ^Z as usual.) These keys work while no
more than 16 MiB of earlier input wait for PROGRAM to read them.

Runners:

A runner is a process in another security context, in which PROGRAM runs: under
another user (--as), or in the place that a command connects to (--runner), such
as another machine or a container. PROGRAM, DIR and the rest of the environment
are those of that place. When the connection ends, PROGRAM is killed there.

Events as JSON:

With --json standard output has one object per line: started or start_failed,
then output, gap, stopped, continued, then exited, and last closed. Each has
elapsed_us, the microseconds since procession began to start PROGRAM; the first
also has time, the same moment in UTC (RFC 3339). Bytes are in base64.
)";

constexpr auto exit_codes_and_examples = R"(
Exit codes:
  2      bad usage
  124    --timeout ended PROGRAM
  125    procession itself failed, or the runner did
  126    PROGRAM cannot be executed, or not from that directory
  127    PROGRAM was not found
  141    our standard output was closed by its reader
  128+n  signal n ended PROGRAM
  other  the exit code of PROGRAM

Examples:
  procession run -- make -j8
  procession run --timeout 1m --cwd src --env CC=clang -- ./configure
  procession run --pty --size 40x120 -- python3 -q
  procession run --stdio merged -- make >build.log
  procession run --json -- sh -c 'echo out; echo err >&2; exit 3'
  procession run --as nobody -- id
  procession run --runner 'ssh host procession-runner --stdio' -- make test
  procession run --runner 'bwrap --ro-bind / / --dev /dev --proc /proc
      --unshare-net procession-runner --stdio' -- sh
)";

using wrong = CLI::ValidationError;

char escape_of(const std::string& name) {
  if (name == "none")
    return 0;
  if (auto key = parse_escape(name))
    return key;
  throw wrong("--escape", "'" + name + "' must be a key, ^ and a key, or none");
}

caf::timespan time_of(const char* option, const std::string& text) {
  auto result = parse_duration(text);
  if (auto* why = std::get_if<std::string>(&result))
    throw wrong(option, *why);
  return std::get<caf::timespan>(result);
}

terminal_size parse_size(const std::string& text) {
  terminal_size result;
  auto end = text.data() + text.size();
  auto rows = std::from_chars(text.data(), end, result.rows);
  auto cols = rows;
  if (rows.ptr != end && *rows.ptr == 'x')
    cols = std::from_chars(rows.ptr + 1, end, result.cols);
  if (cols.ptr != end || cols.ptr == rows.ptr)
    throw wrong("--size", "'" + text + "' must be ROWSxCOLS, as in 24x80");
  if (rows.ec != std::errc{} || cols.ec != std::errc{})
    result = {0, 0};
  if (auto bad = validate(result))
    throw wrong("--size", "'" + text + "': " + bad->detail.text);
  return result;
}

void add_variable(environment& env, const std::string& text) {
  auto at = text.find('=');
  if (at == std::string::npos || at == 0)
    throw wrong("--env", "'" + text + "' must be NAME=VALUE");
  env.set[text.substr(0, at)] = text.substr(at + 1);
}

input_source source_of(const std::string& name) {
  if (name == "ours" || name == "typed")
    return input_source::ours;
  if (name == "null")
    return input_source::null;
  if (name == "open")
    return input_source::open;
  throw wrong("--stdin", "'" + name + "' must be ours, typed, null or open");
}

} // namespace

run_arguments::run_arguments(CLI::App& app, manual& pages)
  : command_(app.add_subcommand("run", "Run a program, attached to it")) {
  auto& run = *command_;
  pages.takes_program(run);
  run.footer(std::string{about} + exit_codes_and_examples);
  auto stdio = run
                 .add_option("--stdio", stdio_,
                             "How to connect its standard streams: pty, a "
                             "terminal of its own (default if our input and "
                             "output are terminals); pipes (default "
                             "otherwise); merged: pipes, with one for both "
                             "outputs, in the order of the writes")
                 ->type_name("pty|pipes|merged");
  auto pty = run.add_flag("--pty", pty_,
                          "The same as --stdio pty; not with --pipes");
  auto pipes = run.add_flag("--pipes", pipes_,
                            "The same as --stdio pipes; not with --size");
  pty->excludes(pipes)->excludes(stdio);
  pipes->excludes(stdio);
  run
    .add_option(
      "--stdin", stdin_,
      "The input of PROGRAM: ours, procession's own (default); typed: "
      "the same, typed on PROGRAM's terminal; null: empty; open: "
      "stays open but sends nothing. The last two imply --pipes unless "
      "--pty is given. In a `while read` loop use null, or PROGRAM's session "
      "takes the input of the loop")
    ->type_name("ours|typed|null|open");
  auto user = run
                .add_option("--as", user_,
                            "Run as that user, in a runner, with that user's "
                            "environment, in / unless --cwd is given; needs "
                            "root (on Windows: procession sandbox setup)")
                ->type_name("USER");
  run
    .add_option("--runner", runner_,
                "Run in the runner that COMMAND starts; COMMAND is split into "
                "words as by a shell, but no shell is used; the runner has "
                "30 s to start; not with --as")
    ->type_name("COMMAND")
    ->excludes(user);
  run.add_option("--cwd", cwd_, "Directory to run in")->type_name("DIR");
  run.add_option("--env", env_, "Set a variable; may be repeated")
    ->type_name("NAME=VALUE")
    ->allow_extra_args(false);
  run
    .add_option("--timeout", timeout_,
                "End PROGRAM and all processes that it started after TIME, "
                "which includes the start of a runner; 0: never, the default")
    ->type_name("TIME");
  run
    .add_option("--grace", grace_,
                "Time between asking PROGRAM to end and killing it; default "
                "5s")
    ->type_name("TIME");
  run
    .add_option("--size", size_,
                "Size of its terminal, which implies --pty; default: the size "
                "of our own, also when that changes, or 24x80")
    ->type_name("ROWSxCOLS")
    ->excludes(pipes);
  run
    .add_option("--escape", escape_,
                "The key before procession's own commands, or none; ^X "
                "for a control key; default ~")
    ->type_name("KEY");
  run.add_flag("--json", json_,
               "Print events as JSON lines, with times, bytes in base64");
  run.add_flag("-v,--verbose", verbose_, "Log each step to standard error");
}

std::optional<stdio_kind> run_arguments::chosen_stdio() const {
  if (pty_ || stdio_ == "pty")
    return stdio_kind::pty;
  if (pipes_ || stdio_ == "pipes")
    return stdio_kind::pipes;
  if (stdio_ == "merged")
    return stdio_kind::merged;
  if (command_->count("--stdio") > 0)
    throw wrong("--stdio", "'" + stdio_ + "' must be pty, pipes or merged");
  return std::nullopt;
}

std::optional<runner_options> run_arguments::chosen_runner() const {
  runner_options result;
  if (user_) {
    if (user_->empty())
      throw wrong("--as", "needs the name of a user");
    result.user = *user_;
    return result;
  }
  if (!runner_)
    return std::nullopt;
  result.command = command_words("--runner", *runner_);
  return result;
}

stdio_spec run_arguments::streams() const {
  auto kind = chosen_stdio();
  auto source = source_of(stdin_);
  if (!size_.empty() && kind.value_or(stdio_kind::pty) != stdio_kind::pty)
    throw wrong("--size", "needs a terminal, see --pty");
  if (!kind) {
    auto at_terminal = source == input_source::ours && input_is_terminal()
                       && output_is_terminal();
    kind = !size_.empty() || at_terminal ? stdio_kind::pty : stdio_kind::pipes;
  }
  stdio_spec result;
  result.kind = *kind;
  if (*kind == stdio_kind::pty) {
    result.size = size_.empty() ? console_size().value_or(terminal_size{})
                                : parse_size(size_);
    // A runner has its own input.
    if (stdin_ == "ours" && !input_is_terminal() && output_is_terminal()
        && !user_ && !runner_ && take_keys_from_terminal())
      result.input = stdin_kind::inherit;
  } else if (source == input_source::null) {
    result.input = stdin_kind::null;
  }
  return result;
}

run_options
run_arguments::interpret(const std::vector<std::string>& words) const {
  if (words.empty())
    throw wrong("PROGRAM", "is missing; it must follow --");
  run_options result;
  auto& spec = result.spec;
  spec.program = words.front();
  spec.args.assign(words.begin() + 1, words.end());
  spec.cwd = cwd_;
  for (auto& variable : env_)
    add_variable(spec.env, variable);
  spec.limits.timeout = time_of("--timeout", timeout_);
  spec.kill.grace = time_of("--grace", grace_);
  spec.stdio = streams();
  result.json = json_;
  result.input = source_of(stdin_);
  result.follow_size = size_.empty();
  result.runner = chosen_runner();
  auto escape = escape_of(escape_);
  auto on_terminal = spec.stdio.kind == stdio_kind::pty;
  auto typed_to = on_terminal && result.input == input_source::ours
                  && input_is_terminal();
  if (typed_to)
    result.escape = escape;
  // So that we stop with it if a shell can continue us, or log that no shell
  // can. It costs a thread.
  spec.report_stops = typed_to || can_be_suspended();
  // The terminal is of our kind, but a runner has its own environment.
  if (auto* term = std::getenv("TERM");
      term != nullptr && on_terminal && result.runner)
    spec.env.set.emplace("TERM", term);
  if (auto bad = validate(spec))
    throw wrong("run", bad->detail.text);
  return result;
}

} // namespace procession::cli
