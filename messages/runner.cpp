#include "procession/messages/runner.hpp"

#include "procession/messages/text/enum_name.hpp"

namespace procession {

std::string to_string(runner_state x) {
  return enum_name(x, "runner_state",
                   {"launching", "connecting", "greeting", "up", "ending",
                    "down"});
}

std::string to_string(const runner_info& x) {
  auto result = "runner: " + to_string(x.state) + ", pid "
                + std::to_string(x.pid) + ", user " + x.user + ", "
                + std::to_string(x.sessions) + " sessions";
  if (x.state >= runner_state::ending)
    result += ", " + to_string(x.why);
  return result;
}

} // namespace procession
