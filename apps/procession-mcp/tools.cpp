#include "tools.hpp"

#include <procession/messages/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string_view>
#include <utility>

namespace ps = procession;

namespace tools {

namespace {

// -- schemas ------------------------------------------------------------------

json property(const char* type, const std::string& text) {
  return {{"type", type}, {"description", text}};
}

json texts(const char* text) {
  return {
    {"type", "array"}, {"items", {{"type", "string"}}}, {"description", text}};
}

json count(const char* text) {
  auto result = property("integer", text);
  result["minimum"] = 0;
  return result;
}

json object(json properties = json::object(), json required = json::array()) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

/// The arguments by which a call says how long it waits.
json with_wait(json properties, const char* timeout) {
  properties["yield_time_ms"] = count(timeout);
  properties["until"] = texts(
    "Answer as soon as one of these texts appears, or appeared since the last "
    "match or input. The echo of what you type does not count.");
  properties["until_regex"] = texts(
    "Like until, with regular expressions (Perl syntax; ^ and $ match at every "
    "line), as [\"\\\\$ $\"] for a prompt.");
  properties["max_output_bytes"] = count(
    "The most output in the answer; of more, the middle is left out. Default "
    "40000.");
  return properties;
}

json session_property() {
  return property("string", "The session's id.");
}

json exec_schema() {
  return object(with_wait(
    {{"command", property("string", "Text for the shell.")},
     {"argv", texts("Instead of a command: a program and its arguments, "
                    "without a shell.")},
     {"session_id", property("string", "A name for the session; default: a "
                                       "generated one.")},
     {"cwd", property("string", "Working directory.")},
     {"env",
      {{"type", "object"},
       {"description", "Variables to set, or with null to unset."},
       {"additionalProperties", {{"type", json::array({"string", "null"})}}}}},
     {"stdin",
      {{"type", "string"},
       {"enum", {"null", "open"}},
       {"description", "\"open\": standard input is a pipe for write_stdin. "
                       "Default: it is empty. With tty it is the terminal."}}},
     {"tty", property("boolean", "Run on a terminal, as for shells, REPLs, and "
                                 "programs that ask for a password.")},
     {"rows", count("Of the terminal. Default 24.")},
     {"cols", count("Of the terminal. Default 80.")},
     {"timeout_ms", count("End the command after this time. Default: never.")},
     {"keep_background",
      property("boolean", "Do not end what the command leaves in the "
                          "background: it goes on as this session.")}},
    "How long to wait for the command before answering with what there is; it "
    "goes on then. 0: answer as soon as it runs. Default 10000, at most "
    "30000."));
}

json input_schema() {
  return object(
    with_wait({{"session_id", session_property()},
               {"text", property("string", "Sent as it is; end a line with a "
                                           "line break.")},
               {"keys", texts("Keys by name, sent after the text: enter, tab, "
                              "escape, up, ctrl-c, ctrl-d, f1, alt-x, ...")},
               {"close", property("boolean", "End the input after that.")}},
              "How long to wait for the output that follows. 0: not at all. "
              "Default 250, at most 30000."),
    {"session_id"});
}

json poll_schema() {
  return object(
    with_wait({{"session_id", session_property()},
               {"on_output", property("boolean", "Answer at the first "
                                                 "output.")}},
              "How long to wait at most. 0: answer at once with what is new. "
              "Default 5000, at most 300000."),
    {"session_id"});
}

json session_schema() {
  return object({{"session_id", session_property()}}, {"session_id"});
}

json resize_schema() {
  return object({{"session_id", session_property()},
                 {"rows", count("Of the terminal.")},
                 {"cols", count("Of the terminal.")}},
                {"session_id", "rows", "cols"});
}

struct named_signal {
  std::string_view name;
  ps::signal_name value;
};

constexpr std::array<named_signal, 10> signals{{
  {"SIGINT", ps::signal_name::interrupt},
  {"SIGTERM", ps::signal_name::terminate},
  {"SIGKILL", ps::signal_name::kill},
  {"SIGHUP", ps::signal_name::hangup},
  {"SIGQUIT", ps::signal_name::quit},
  {"SIGSTOP", ps::signal_name::stop},
  {"SIGCONT", ps::signal_name::resume},
  {"SIGUSR1", ps::signal_name::user1},
  {"SIGUSR2", ps::signal_name::user2},
  {"SIGALRM", ps::signal_name::alarm},
}};

json signal_schema() {
  auto names = json::array();
  for (auto& x : signals)
    names.push_back(x.name);
  return object({{"session_id", session_property()},
                 {"signal", {{"type", "string"}, {"enum", std::move(names)}}}},
                {"session_id", "signal"});
}

json list_schema() {
  return object({{"sessions",
                  {{"type", "array"},
                   {"items", object({{"session_id", {{"type", "string"}}},
                                     {"command", {{"type", "string"}}},
                                     {"state", {{"type", "string"}}},
                                     {"pid", {{"type", "integer"}}},
                                     {"age_ms", {{"type", "integer"}}},
                                     {"idle_ms", {{"type", "integer"}}},
                                     {"unread_bytes", {{"type", "integer"}}},
                                     {"output_bytes", {{"type", "integer"}}},
                                     {"exit_code", {{"type", "integer"}}},
                                     {"error", {{"type", "string"}}}})}}}},
                {"sessions"});
}

std::string exec_text(const surroundings& where) {
  std::string words;
  for (auto& x : where.shell)
    words += x + ' ';
  return "Runs a command and answers with its output (both streams in order) "
         "and its exit code. If it takes longer than yield_time_ms, it goes on "
         "as a session: the answer has its id and the output so far; go on "
         "with poll, write_stdin and terminate. Commands may run for as long "
         "as they need.\n"
         "Each command runs in a new shell ("
         + words + "COMMAND) in the directory " + where.directory
         + " unless cwd says otherwise; cd and variables do not persist. For a "
           "shell that keeps them, run one with tty=true and type into it.\n"
           "Standard input is empty unless stdin is \"open\" or tty is true. "
           "When a program waits at a prompt, answer with write_stdin; "
           "programs that ask for a password or are interactive need "
           "tty=true.\n"
           "What a command leaves in the background (&, nohup) is ended when "
           "the command ends, and the answer says how many processes that "
           "were. To keep a server, run it without & as a session of its own "
           "(yield_time_ms 0, or until with the text it prints when ready), or "
           "set keep_background; it always ends with this server.";
}

struct tool {
  const char* name;
  const char* title;
  std::string text;
  json input;
  /// Null: it has no structured content.
  json output;
  bool read_only;
  bool destructive;
};

const std::vector<tool>& all_tools() {
  static const std::vector<tool> result{
    {"exec_command", "Run a command", {}, exec_schema(), {}, false, true},
    {"write_stdin",
     "Type into a session",
     "Sends text, then keys, to a session and returns the output that follows. "
     "The session needs an input: it runs on a terminal (tty=true) or was "
     "started with stdin \"open\". ctrl-c always interrupts.",
     input_schema(),
     {},
     false,
     true},
    {"poll",
     "Wait for a session",
     "Waits for a session and answers with its output since the last answer, "
     "when it ends, when a text appears, or when the time is up. The answer "
     "that tells of its end is the last; after that the id is no longer "
     "valid.",
     poll_schema(),
     {},
     true,
     false},
    {"resize_session",
     "Resize a terminal",
     "Sets the size of the terminal of a session.",
     resize_schema(),
     {},
     false,
     false},
    {"signal_session",
     "Signal a session",
     "Sends a signal to the processes of a session: its process group, or for "
     "SIGINT and SIGQUIT on a terminal the job in the foreground. To end a "
     "session with all its processes, use terminate.",
     signal_schema(),
     {},
     false,
     true},
    {"list_sessions", "List sessions",
     "Lists the sessions that run or have output left to read.", object(),
     list_schema(), true, false},
    {"terminate",
     "End a session",
     "Ends a session with all its processes, background processes included, "
     "and answers with the last of its output.",
     session_schema(),
     {},
     false,
     true},
    {"terminate_all", "End all sessions",
     "Ends all sessions with all their processes. Their last output can still "
     "be read by poll.",
     object(), list_schema(), false, true},
  };
  return result;
}

// -- arguments ----------------------------------------------------------------

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

/// The argument that other tools call their time limit, in milliseconds or in
/// seconds. What ends too early is worse than what ends too late.
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
  // As some write it who know commands as lists.
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
  // Elsewhere it means that nobody waits for the command.
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
  // Of a wait, its longest time.
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

// -- results ------------------------------------------------------------------

std::int64_t in_milliseconds(caf::timespan x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

json text_result(const std::string& text) {
  return {{"content", json::array({{{"type", "text"}, {"text", text}}})},
          {"isError", false}};
}

std::string_view name_of(ps::signal_name x) {
  for (auto& y : signals)
    if (y.value == x)
      return y.name;
  return {};
}

/// Facts that the output does not show.
std::string remarks_on(const ps::exec_result& x, input_remark input) {
  std::string result;
  if (x.wait == ps::wait_result::matched) {
    result += "Matched " + json(x.matched).dump();
    if (x.matched_text != x.matched)
      result += " by " + json(x.matched_text).dump();
    result += '\n';
  }
  if (input == input_remark::yes && x.written < x.sent
      && x.state < ps::session_state::exited)
    result += "Of the input, the process has read " + std::to_string(x.written)
              + " of " + std::to_string(x.sent)
              + " bytes so far; the rest waits\n";
  if (x.invalid > 0)
    result += std::to_string(x.invalid)
              + " bytes of the output are not UTF-8, each shown as U+FFFD\n";
  return result;
}

} // namespace

json describe(features client, const surroundings& where) {
  auto result = json::array();
  for (auto& x : all_tools()) {
    json described{{"name", x.name},
                   {"description", x.text.empty() ? exec_text(where) : x.text},
                   {"inputSchema", x.input}};
    if (client.annotations)
      described["annotations"] = {{"title", x.title},
                                  {"readOnlyHint", x.read_only},
                                  {"destructiveHint", x.destructive}};
    if (client.structured_content) {
      described["title"] = x.title;
      if (!x.output.is_null())
        described["outputSchema"] = x.output;
    }
    result.push_back(std::move(described));
  }
  return {{"tools", std::move(result)}};
}

call read_call(const std::string& name, const json& given) {
  auto& all = all_tools();
  auto i = std::find_if(all.begin(), all.end(),
                        [&](auto& x) { return name == x.name; });
  if (i == all.end())
    throw rpc::bad_params{"there is no tool \"" + name + '"'};
  arguments x{name, i->input, given};
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

json make_result(const ps::exec_result& x, input_remark input) {
  json facts{
    {"session_id", x.id},         {"state", to_string(x.state)},
    {"wait", to_string(x.wait)},  {"omitted_bytes", x.omitted},
    {"invalid_bytes", x.invalid}, {"output_bytes", x.bytes.out + x.bytes.err},
    {"written_bytes", x.written}, {"wall_time_ms", in_milliseconds(x.waited)}};
  if (x.wait == ps::wait_result::matched) {
    facts["matched"] = x.matched;
    facts["matched_text"] = x.matched_text;
  }
  if (x.state >= ps::session_state::exited) {
    facts["exit_code"] = shell_code(x.status);
    facts["timed_out"] = x.status.timed_out;
  }
  if (x.state == ps::session_state::closed) {
    facts["complete"] = x.complete;
    facts["background_ended"] = x.rest.ended;
    facts["background_surviving"] = x.rest.surviving;
  }
  auto result = text_result(status_line(x) + '\n' + remarks_on(x, input)
                            + "Output:\n" + output_text(x));
  result["_meta"] = {{"procession/result", std::move(facts)}};
  return result;
}

json make_result(const ps::exec_list& x, features client) {
  std::string text;
  auto sessions = json::array();
  for (auto& y : x) {
    text += to_string(y) + '\n';
    json session{{"session_id", y.id},
                 {"command", y.command},
                 {"state", to_string(y.state)},
                 {"pid", y.pid},
                 {"age_ms", in_milliseconds(y.age)},
                 {"idle_ms", in_milliseconds(y.idle)},
                 {"unread_bytes", y.unread},
                 {"output_bytes", y.produced.out + y.produced.err}};
    if (y.state >= ps::session_state::exited)
      session["exit_code"] = shell_code(y.status);
    if (!y.start_error.empty())
      session["error"] = y.start_error;
    sessions.push_back(std::move(session));
  }
  auto result = text_result(text.empty() ? "There are no sessions." : text);
  if (client.structured_content)
    result["structuredContent"] = {{"sessions", std::move(sessions)}};
  return result;
}

json make_result(const resize& x) {
  return text_result("The terminal of session " + x.id + " has "
                     + std::to_string(x.size.rows) + " rows and "
                     + std::to_string(x.size.cols) + " columns.");
}

json make_result(const signal& x) {
  return text_result("Session " + x.id + " was sent "
                     + std::string{name_of(x.name)} + '.');
}

json make_failure(const std::string& text) {
  auto result = text_result(text);
  result["isError"] = true;
  return result;
}

json make_result(const caf::error& x) {
  return make_failure(ps::describe(x));
}

} // namespace tools
