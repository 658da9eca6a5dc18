#include "procession/messages/exec_tool.hpp"

#include "procession/messages/text/enum_name.hpp"

#include <cstdio>

namespace procession {

namespace {

std::string seconds(caf::timespan x) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.1f s",
                std::chrono::duration<double>(x).count());
  return buffer;
}

std::string number(std::uint64_t n, const char* what) {
  return std::to_string(n) + " " + what;
}

/// Returns how background processes ended; empty if there were none.
std::string in_background(leftovers x) {
  std::string result;
  auto tell = [&](std::uint64_t n, const char* fate) {
    if (n > 0)
      result += "; "
                + number(n, n == 1 ? "background process was "
                                   : "background processes were ")
                + fate;
  };
  tell(x.ended, "ended with it");
  tell(x.surviving, "killed and did not end");
  return result;
}

std::string how_complete(const exec_result& x) {
  if (x.complete)
    return "";
  // Output is read until the background processes have been ended.
  return x.rest.ended > 0 ? ", its output was held open in the background"
                          : ", not all of its output was read";
}

} // namespace

std::string output_text(const exec_result& x) {
  if (x.omitted == 0)
    return x.head + x.tail;
  auto result = x.head;
  if (!result.empty() && result.back() != '\n')
    result += '\n';
  result += "... " + number(x.omitted, "bytes omitted ...\n");
  return result + x.tail;
}

std::string status_line(const exec_result& x) {
  auto waited = seconds(x.waited);
  switch (x.state) {
    case session_state::starting:
      return "Still starting after " + waited + ", as session " + x.id;
    case session_state::running:
      return "Still running, as session " + x.id + " (waited " + waited + ")";
    case session_state::exited:
      return "Ended (" + to_string(x.status)
             + "); what it left in the background goes on as session " + x.id
             + " (waited " + waited + ")";
    case session_state::closed:
      return "Ended (" + to_string(x.status) + ") after " + waited
             + how_complete(x) + in_background(x.rest);
  }
  return to_string(x.state);
}

std::string to_string(wait_result x) {
  return enum_name(x, "wait_result",
                   {"closed", "exited", "matched", "output", "timed_out",
                    "cancelled"});
}

std::string to_string(const exec_wait& x) {
  if (x.timeout == default_wait)
    return "as long as usual and " + number(x.max_output, "bytes");
  return "at most " + seconds(x.timeout) + " and "
         + number(x.max_output, "bytes");
}

std::string to_string(const exec_request& x) {
  auto what = x.script;
  if (what.empty()) {
    command spec;
    if (!x.argv.empty()) {
      spec.program = x.argv.front();
      spec.args.assign(x.argv.begin() + 1, x.argv.end());
    }
    what = to_string(spec);
  }
  return "exec " + x.id + ": " + what;
}

std::string to_string(const exec_input& x) {
  return "input " + x.id + ": " + number(x.text.size(), "bytes, ")
         + number(x.keys.size(), "keys") + (x.close ? ", close" : "");
}

std::string to_string(const exec_poll& x) {
  return "poll " + x.id + ": " + to_string(x.wait);
}

std::string to_string(const exec_result& x) {
  return x.id + ": " + to_string(x.wait) + ", " + to_string(x.state) + ", "
         + to_string(x.bytes) + ", " + number(x.omitted, "omitted");
}

std::string to_string(const exec_session& x) {
  auto result = x.id + ": " + to_string(x.state) + ", idle " + seconds(x.idle)
                + ": " + x.command;
  if (!x.start_error.empty())
    result += ", " + x.start_error;
  else if (x.state >= session_state::exited)
    result += ", " + to_string(x.status);
  return result;
}

} // namespace procession
