#include "results.hpp"

#include "signal_names.hpp"

#include <procession/messages/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ps = procession;

namespace tools {

namespace {

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

/// Returns facts that the output does not show.
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
