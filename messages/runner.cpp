#include "procession/messages/runner.hpp"

namespace procession {

std::string to_string(runner_state x) {
  switch (x) {
    case runner_state::launching:
      return "launching";
    case runner_state::connecting:
      return "connecting";
    case runner_state::greeting:
      return "greeting";
    case runner_state::up:
      return "up";
    case runner_state::ending:
      return "ending";
    case runner_state::down:
      return "down";
  }
  return "runner_state " + std::to_string(static_cast<int>(x));
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
