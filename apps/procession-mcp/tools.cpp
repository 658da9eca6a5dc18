#include "tools.hpp"

#include <procession/messages/error.hpp>

#include <limits>
#include <set>
#include <utility>

namespace ps = procession;

namespace tools {

namespace {

// -- schemas ------------------------------------------------------------------

json property(const char* type, const char* text) {
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
json with_wait(json properties, const char* yield) {
  properties["yield_time_ms"] = count(yield);
  properties["until"] = texts(
    "Answer at once when one of these texts is in the output. (A terminal "
    "shows what is typed, too.)");
  properties["max_output_bytes"] = count(
    "The most output in the answer; beyond it the middle is left out. Default "
    "40000.");
  return properties;
}

json session_property() {
  return property("string", "The session's id.");
}

json exec_properties(const std::vector<std::string>& shell) {
  std::string words;
  for (auto& x : shell)
    words += x + ' ';
  return with_wait(
    {{"command",
      {{"type", "string"},
       {"description", "Text for the shell: " + words + "COMMAND."}}},
     {"argv", texts("Instead of a command: a program and its arguments, "
                    "without a shell.")},
     {"session_id", property("string", "A name for the session; one is given "
                                       "if there is none.")},
     {"cwd", property("string", "Working directory.")},
     {"env",
      {{"type", "object"},
       {"description", "Variables to set, or with null to unset."},
       {"additionalProperties", {{"type", json::array({"string", "null"})}}}}},
     {"tty", property("boolean", "Run on a terminal, as for shells, REPLs and "
                                 "whatever asks questions. Default: pipes, "
                                 "with input open.")},
     {"rows", count("Of the terminal.")},
     {"cols", count("Of the terminal.")},
     {"timeout_ms", count("End the command after this time. Default: never.")}},
    "How long to wait for the command before answering with what there is; it "
    "goes on then. Default 10000, at most 30000.");
}

json result_schema() {
  return object(
    {{"session_id", {{"type", "string"}}},
     {"state",
      {{"type", "string"},
       {"enum", {"starting", "running", "exited", "closed"}},
       {"description", "closed: it is over and this was all of it."}}},
     {"wake",
      {{"type", "string"},
       {"enum", {"closed", "matched", "output", "yielded", "cancelled"}},
       {"description", "What ended the wait."}}},
     {"exit_code", property("integer", "As a shell has it: 128 + signal.")},
     {"timed_out", {{"type", "boolean"}}},
     {"output", {{"type", "string"}}},
     {"omitted_bytes", count("Left out of the output.")},
     {"invalid_bytes", count("Shown as U+FFFD.")},
     {"stdout_bytes", count("All that came, the omitted included.")},
     {"stderr_bytes", count("All that came, the omitted included.")},
     {"written_bytes", count("Of the input, taken by the process so far.")},
     {"wall_time_ms", count("How long the answer took.")},
     {"complete", property("boolean", "False: a descendant still held the "
                                      "output open when it was closed.")}},
    {"session_id", "state", "wake", "output", "omitted_bytes"});
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
                                     {"stdout_bytes", {{"type", "integer"}}},
                                     {"stderr_bytes", {{"type", "integer"}}},
                                     {"exit_code", {{"type", "integer"}}},
                                     {"error", {{"type", "string"}}}})}}}},
                {"sessions"});
}

struct description {
  const char* name;
  const char* title;
  const char* text;
  json input;
  json output;
  bool read_only;
  bool destructive;
};

// -- arguments ----------------------------------------------------------------

/// The arguments of a call, each of which is to be asked for by name.
class arguments {
public:
  explicit arguments(const json& x) : all_(x) {
    if (!x.is_object())
      throw rpc::bad_params{"\"arguments\" is no object"};
  }

  std::string text(const char* name) {
    auto* x = find(name);
    if (x == nullptr)
      return {};
    if (!x->is_string())
      fail(name, "is no string");
    return *x;
  }

  std::string needed_text(const char* name) {
    if (!all_.contains(name))
      fail(name, "is missing");
    return text(name);
  }

  bool flag(const char* name) {
    auto* x = find(name);
    if (x == nullptr)
      return false;
    if (!x->is_boolean())
      fail(name, "is neither true nor false");
    return *x;
  }

  std::uint64_t number(const char* name, std::uint64_t most,
                       std::uint64_t other = 0) {
    auto* x = find(name);
    if (x == nullptr)
      return other;
    if (!x->is_number_unsigned() || x->get<std::uint64_t>() > most)
      fail(name, "is no integer from 0 to " + std::to_string(most));
    return *x;
  }

  caf::timespan milliseconds(const char* name) {
    // As much as fits into nanoseconds, and more than anybody waits.
    return std::chrono::milliseconds{number(name, 1'000'000'000'000)};
  }

  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> result;
    auto* x = find(name);
    if (x == nullptr)
      return result;
    if (!x->is_array())
      fail(name, "is no array");
    for (auto& y : *x) {
      if (!y.is_string())
        fail(name, "holds what is no string");
      result.push_back(y);
    }
    return result;
  }

  ps::environment variables(const char* name) {
    ps::environment result;
    auto* x = find(name);
    if (x == nullptr)
      return result;
    if (!x->is_object())
      fail(name, "is no object");
    for (auto& [key, value] : x->items()) {
      if (value.is_string())
        result.set[key] = value;
      else if (value.is_null())
        result.unset.push_back(key);
      else
        fail(name, "holds what is neither a string nor null");
    }
    return result;
  }

  ps::exec_wait wait() {
    ps::exec_wait result;
    result.yield = milliseconds("yield_time_ms");
    result.until = texts("until");
    result.max_output = number("max_output_bytes",
                               std::numeric_limits<std::int64_t>::max());
    return result;
  }

  /// Fails if there are some that nobody asked for.
  void done() {
    for (auto& [key, value] : all_.items())
      if (known_.count(key) == 0)
        fail(key, "is not known to this tool");
  }

private:
  const json* find(const char* name) {
    known_.insert(name);
    auto i = all_.find(name);
    return i == all_.end() ? nullptr : &*i;
  }

  [[noreturn]] static void fail(const std::string& name,
                                const std::string& what) {
    throw rpc::bad_params{"argument \"" + name + "\" " + what};
  }

  const json& all_;
  std::set<std::string> known_;
};

ps::exec_request read_exec(arguments& x) {
  ps::exec_request result;
  result.script = x.text("command");
  result.argv = x.texts("argv");
  if (result.script.empty() == result.argv.empty())
    throw rpc::bad_params{"give either \"command\" or \"argv\""};
  result.id = x.text("session_id");
  result.cwd = x.text("cwd");
  result.env = x.variables("env");
  result.tty = x.flag("tty");
  result.size.rows = static_cast<std::uint16_t>(x.number("rows", 65535, 24));
  result.size.cols = static_cast<std::uint16_t>(x.number("cols", 65535, 80));
  result.timeout = x.milliseconds("timeout_ms");
  result.wait = x.wait();
  return result;
}

ps::exec_input read_input(arguments& x) {
  ps::exec_input result;
  result.id = x.needed_text("session_id");
  result.text = x.text("text");
  result.keys = x.texts("keys");
  result.close = x.flag("close");
  result.wait = x.wait();
  return result;
}

ps::exec_poll read_poll(arguments& x) {
  ps::exec_poll result;
  result.id = x.needed_text("session_id");
  result.wait = x.wait();
  result.wait.on_output = x.flag("on_output");
  return result;
}

// -- results ------------------------------------------------------------------

std::int64_t in_milliseconds(caf::timespan x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

json make_result(const std::string& text, json structured, features client) {
  json result{{"content", json::array({{{"type", "text"}, {"text", text}}})},
              {"isError", false}};
  if (client.structured_content)
    result["structuredContent"] = std::move(structured);
  return result;
}

} // namespace

json describe(features client, const std::vector<std::string>& shell) {
  const description all[] = {
    {"exec_command", "Run a command",
     "Runs a command. If it ends while this waits, the answer is all of its "
     "output and its exit code; else it goes on as a session, for poll, "
     "write_stdin and terminate. Commands may run for as long as they need.",
     object(exec_properties(shell)), result_schema(), false, true},
    {"write_stdin", "Type into a session",
     "Sends text, then keys, to a session and answers with what comes of it.",
     object(with_wait(
              {{"session_id", session_property()},
               {"text", property("string", "Sent as it is: end a line with a "
                                           "line break.")},
               {"keys", texts("Keys by name, after the text: enter, tab, "
                              "escape, up, down, ctrl-c, ctrl-d, f1, ...")},
               {"close", property("boolean", "End the input after that.")}},
              "How long to wait for what comes of it. Default 250, at most "
              "30000."),
            {"session_id"}),
     result_schema(), false, true},
    {"poll", "Wait for a session",
     "Waits for a session and answers with its output since the last answer.",
     object(with_wait({{"session_id", session_property()},
                       {"on_output", property("boolean", "Answer at the first "
                                                         "output.")}},
                      "How long to wait at most. Default 5000, from 5000 to "
                      "300000."),
            {"session_id"}),
     result_schema(), true, false},
    {"list_sessions", "List sessions",
     "Lists the sessions that run or have output left to read.", object(),
     list_schema(), true, false},
    {"terminate", "End a session",
     "Ends a session with all its processes and answers with the last of its "
     "output.",
     object({{"session_id", session_property()}}, {"session_id"}),
     result_schema(), false, true},
    {"terminate_all", "End all sessions",
     "Ends all sessions with all their processes. Their last output can still "
     "be read by poll.",
     object(), list_schema(), false, true},
  };
  auto result = json::array();
  for (auto& x : all) {
    json tool{
      {"name", x.name}, {"description", x.text}, {"inputSchema", x.input}};
    if (client.annotations)
      tool["annotations"] = {{"title", x.title},
                             {"readOnlyHint", x.read_only},
                             {"destructiveHint", x.destructive}};
    if (client.structured_content) {
      tool["title"] = x.title;
      tool["outputSchema"] = x.output;
    }
    result.push_back(std::move(tool));
  }
  return {{"tools", std::move(result)}};
}

call read_call(const std::string& name, const json& args) {
  arguments x{args};
  call result;
  if (name == "exec_command")
    result = read_exec(x);
  else if (name == "write_stdin")
    result = read_input(x);
  else if (name == "poll")
    result = read_poll(x);
  else if (name == "list_sessions")
    result = list_sessions{};
  else if (name == "terminate")
    result = terminate{x.needed_text("session_id")};
  else if (name == "terminate_all")
    result = terminate_all{};
  else
    throw rpc::bad_params{"there is no tool \"" + name + "\""};
  x.done();
  return result;
}

json make_result(const ps::exec_result& x, features client) {
  auto output = output_text(x);
  json structured{
    {"session_id", x.id},          {"state", to_string(x.state)},
    {"wake", to_string(x.wake)},   {"output", output},
    {"omitted_bytes", x.omitted},  {"invalid_bytes", x.invalid},
    {"stdout_bytes", x.bytes.out}, {"stderr_bytes", x.bytes.err},
    {"written_bytes", x.written},  {"wall_time_ms", in_milliseconds(x.waited)},
    {"complete", x.complete}};
  if (x.state >= ps::session_state::exited) {
    structured["exit_code"] = shell_code(x.status);
    structured["timed_out"] = x.status.timed_out;
  }
  auto text = status_line(x) + "\nOutput:\n" + output;
  return make_result(text, std::move(structured), client);
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
                 {"stdout_bytes", y.produced.out},
                 {"stderr_bytes", y.produced.err}};
    if (y.state >= ps::session_state::exited)
      session["exit_code"] = shell_code(y.status);
    if (!y.start_error.empty())
      session["error"] = y.start_error;
    sessions.push_back(std::move(session));
  }
  if (text.empty())
    text = "There are no sessions.";
  return make_result(text, {{"sessions", std::move(sessions)}}, client);
}

json make_result(const caf::error& x) {
  auto text = ps::describe(x);
  return {{"content", json::array({{{"type", "text"}, {"text", text}}})},
          {"isError", true}};
}

} // namespace tools
