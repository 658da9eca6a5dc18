#include "calls.hpp"

#include "json_rpc.hpp"
#include "signal_names.hpp"
#include "tool_list.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <limits>
#include <utility>

namespace ps = procession;

namespace tools {

namespace {

ps::exec_wait read_wait(arguments& x) {
  ps::exec_wait result;
  if (x.has("yield_time_ms"))
    result.timeout = x.milliseconds("yield_time_ms");
  result.until = x.texts("until");
  result.until_regex = x.texts("until_regex");
  result.max_output = x.number("max_output_bytes",
                               std::numeric_limits<std::int64_t>::max());
  return result;
}

/// Reads the time limit by the name that other tools use, in milliseconds or in
/// seconds. Ending too early is worse than ending too late.
caf::timespan read_timeout(arguments& x) {
  constexpr std::uint64_t most_seconds = 7200;
  auto timeout = x.number("timeout", 1'000'000'000'000);
  if (timeout <= most_seconds)
    return std::chrono::seconds{timeout};
  return std::chrono::milliseconds{timeout};
}

std::uint16_t read_cells(arguments& x, const char* name, std::uint16_t other) {
  return static_cast<std::uint16_t>(x.number(name, 65535, other));
}

ps::exec_request read_exec(arguments& x, const json& given) {
  ps::exec_request result;
  // Some models write a command as a list.
  if (given.is_object() && given.contains("command")
      && given["command"].is_array())
    result.argv = x.texts("command");
  else
    result.script = x.text("command");
  if (auto argv = x.texts("argv"); !argv.empty()) {
    if (!result.argv.empty())
      x.fail("give either \"command\" or \"argv\"");
    result.argv = std::move(argv);
  }
  if (result.script.empty() == result.argv.empty())
    x.fail("give either \"command\" or \"argv\"");
  result.id = x.text("session_id");
  result.cwd = x.text("cwd");
  result.env = x.variables("env");
  result.tty = x.flag("tty");
  result.size.rows = read_cells(x, "rows", 24);
  result.size.cols = read_cells(x, "cols", 80);
  auto input = x.text("stdin");
  if (input == "open")
    result.input = ps::stdin_kind::pipe;
  else if (!input.empty() && input != "null")
    x.fail("stdin", "must be \"null\" or \"open\"; text for it is sent by "
                    "write_stdin");
  result.timeout = x.milliseconds("timeout_ms");
  if (x.has("timeout") && !x.has("timeout_ms"))
    result.timeout = read_timeout(x);
  result.keep_background = x.flag("keep_background");
  result.wait = read_wait(x);
  // In other tools it means not to wait for the command.
  if (x.flag("run_in_background") && !x.has("yield_time_ms"))
    result.wait.timeout = caf::timespan::zero();
  return result;
}

ps::exec_input read_input(arguments& x) {
  ps::exec_input result;
  result.id = x.needed_text("session_id");
  result.text = x.text("text");
  result.keys = x.texts("keys");
  result.close = x.flag("close");
  result.wait = read_wait(x);
  return result;
}

ps::exec_poll read_poll(arguments& x) {
  ps::exec_poll result;
  result.id = x.needed_text("session_id");
  result.wait = read_wait(x);
  // For a poll, a time limit is the longest wait.
  if (x.has("timeout_ms") && !x.has("yield_time_ms"))
    result.wait.timeout = x.milliseconds("timeout_ms");
  else if (x.has("timeout") && !x.has("yield_time_ms"))
    result.wait.timeout = read_timeout(x);
  result.wait.on_output = x.flag("on_output");
  return result;
}

resize read_resize(arguments& x) {
  resize result;
  result.id = x.needed_text("session_id");
  for (auto* name : {"rows", "cols"})
    if (!x.has(name))
      x.fail(name, "is missing");
  result.size = {read_cells(x, "rows", 0), read_cells(x, "cols", 0)};
  return result;
}

signal read_signal(arguments& x) {
  signal result;
  result.id = x.needed_text("session_id");
  auto wanted = x.needed_text("signal");
  for (auto& c : wanted)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  auto i = std::find_if(signals.begin(), signals.end(), [&](auto& y) {
    return y.name == wanted || y.name.substr(3) == wanted;
  });
  if (i == signals.end())
    x.fail("signal", "must be the name of a signal");
  result.name = i->value;
  return result;
}

} // namespace

call read_call(const std::string& name, const json& given) {
  auto* schema = find_schema(name);
  if (schema == nullptr)
    throw rpc::bad_params{"there is no tool \"" + name + '"'};
  arguments x{name, *schema, given};
  call result;
  if (name == "exec_command")
    result = read_exec(x, given);
  else if (name == "write_stdin")
    result = read_input(x);
  else if (name == "poll")
    result = read_poll(x);
  else if (name == "resize_session")
    result = read_resize(x);
  else if (name == "signal_session")
    result = read_signal(x);
  else if (name == "list_sessions")
    result = list_sessions{};
  else if (name == "terminate")
    result = terminate{x.needed_text("session_id")};
  else
    result = terminate_all{};
  x.done();
  return result;
}

} // namespace tools
