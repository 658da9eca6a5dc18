#include "tool_list.hpp"

#include "signal_names.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tools {

namespace {

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

/// Adds the arguments that tell how long a call waits.
json with_wait(json properties, const char* timeout) {
  properties["yield_time_ms"] = count(timeout);
  properties["until"] = texts(
    "Answer as soon as one of these texts appears, or appeared since the last "
    "match or input. The echo of what you type does not count.");
  properties["until_regex"] = texts(
    "Like until, with regular expressions (Perl syntax; ^ and $ match at every "
    "line), such as [\"\\\\$ $\"] for a prompt.");
  properties["max_output_bytes"] = count(
    "The most output in the answer; if there is more, the middle is left out. "
    "Default 40000.");
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
     {"rows", count("Rows of the terminal. Default 24.")},
     {"cols", count("Columns of the terminal. Default 80.")},
     {"timeout_ms", count("End the command after this time. Default: never.")},
     {"keep_background",
      property("boolean", "Do not end processes that the command leaves in the "
                          "background: they go on as this session.")}},
    "How long to wait for the command before answering with the output so "
    "far; the command then goes on. 0: answer as soon as it runs. Default "
    "10000, at most 30000."));
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
              "How long to wait at most. 0: answer at once with new output. "
              "Default 5000, at most 300000."),
    {"session_id"});
}

json session_schema() {
  return object({{"session_id", session_property()}}, {"session_id"});
}

json resize_schema() {
  return object({{"session_id", session_property()},
                 {"rows", count("Rows of the terminal.")},
                 {"cols", count("Columns of the terminal.")}},
                {"session_id", "rows", "cols"});
}

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
           "Processes that a command leaves in the background (&, nohup) are "
           "ended when the command ends, and the answer says how many there "
           "were. To keep a server, run it without & as a session of its own "
           "(yield_time_ms 0, or until with the text it prints when ready), or "
           "set keep_background; it always ends with this server.";
}

/// The changes that a call may cause.
enum class effect { nothing, state, anything };

struct tool {
  const char* name;
  const char* title;
  effect changes;
  json input;
  /// Empty if it depends on the surroundings.
  std::string text;
  /// Null without structured content.
  json output = {};
};

const std::vector<tool>& all_tools() {
  static const std::vector<tool> result{
    {"exec_command", "Run a command", effect::anything, exec_schema(), ""},
    {"write_stdin", "Type into a session", effect::anything, input_schema(),
     "Sends text, then keys, to a session and returns the output that follows. "
     "The session needs an input: it runs on a terminal (tty=true) or was "
     "started with stdin \"open\". ctrl-c always interrupts."},
    {"poll", "Wait for a session", effect::nothing, poll_schema(),
     "Waits for a session and answers with its output since the last answer, "
     "when it ends, when a text appears, or when the time is up. The answer "
     "that reports its end is the last; after that the id is no longer "
     "valid."},
    {"resize_session", "Resize a terminal", effect::state, resize_schema(),
     "Sets the size of the terminal of a session."},
    {"signal_session", "Signal a session", effect::anything, signal_schema(),
     "Sends a signal to the processes of a session: its process group, or for "
     "SIGINT and SIGQUIT on a terminal the job in the foreground. To end a "
     "session with all its processes, use terminate."},
    {"list_sessions", "List sessions", effect::nothing, object(),
     "Lists the sessions that run or have output left to read.", list_schema()},
    {"terminate", "End a session", effect::anything, session_schema(),
     "Ends a session with all its processes, background processes included, "
     "and answers with the last of its output."},
    {"terminate_all", "End all sessions", effect::anything, object(),
     "Ends all sessions with all their processes. Their last output can still "
     "be read by poll.",
     list_schema()},
  };
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
      described["annotations"] = {
        {"title", x.title},
        {"readOnlyHint", x.changes == effect::nothing},
        {"destructiveHint", x.changes == effect::anything}};
    if (client.structured_content) {
      described["title"] = x.title;
      if (!x.output.is_null())
        described["outputSchema"] = x.output;
    }
    result.push_back(std::move(described));
  }
  return {{"tools", std::move(result)}};
}

const json* find_schema(const std::string& name) {
  for (auto& x : all_tools())
    if (x.name == name)
      return &x.input;
  return nullptr;
}

} // namespace tools
