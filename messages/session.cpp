#include "procession/messages/session.hpp"

#include "procession/messages/text/enum_name.hpp"

namespace procession {

std::string to_string(session_state x) {
  return enum_name(x, "session_state",
                   {"starting", "running", "exited", "closed"});
}

std::string to_string(signal_name x) {
  return enum_name(x, "signal_name",
                   {"interrupt", "hangup", "quit", "terminate", "kill", "stop",
                    "continue", "user1", "user2", "alarm"});
}

std::string to_string(delivery x) {
  return enum_name(x, "delivery", {"lossless", "lossy", "events only"});
}

std::string to_string(const subscription& x) {
  return to_string(x.mode) + " from " + to_string(x.from) + ", window "
         + std::to_string(x.window);
}

std::string to_string(const session_info& x) {
  auto result = x.id + ": " + to_string(x.state) + ", pid "
                + std::to_string(x.pid) + ", " + to_string(x.spec) + ", "
                + to_string(x.produced);
  if (!x.start_error.empty())
    result += ", " + x.start_error;
  else if (x.state >= session_state::exited)
    result += ", " + to_string(x.status);
  return result;
}

std::string to_string(const page& x) {
  auto result = "page: " + std::to_string(x.outputs.size()) + " outputs, "
                + std::to_string(x.gaps.size()) + " gaps, next "
                + to_string(x.next) + ", " + to_string(x.state);
  if (x.state >= session_state::exited)
    result += ", " + to_string(x.status);
  return result;
}

} // namespace procession
