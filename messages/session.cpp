#include "procession/messages/session.hpp"

namespace procession {

std::string to_string(session_state x) {
  switch (x) {
    case session_state::starting:
      return "starting";
    case session_state::running:
      return "running";
    case session_state::exited:
      return "exited";
    case session_state::closed:
      return "closed";
  }
  return "session_state " + std::to_string(static_cast<int>(x));
}

std::string to_string(signal_name x) {
  switch (x) {
    case signal_name::interrupt:
      return "interrupt";
    case signal_name::hangup:
      return "hangup";
    case signal_name::quit:
      return "quit";
    case signal_name::terminate:
      return "terminate";
    case signal_name::kill:
      return "kill";
    case signal_name::stop:
      return "stop";
    case signal_name::resume:
      return "continue";
    case signal_name::user1:
      return "user1";
    case signal_name::user2:
      return "user2";
    case signal_name::alarm:
      return "alarm";
  }
  return "signal_name " + std::to_string(static_cast<int>(x));
}

std::string to_string(delivery x) {
  switch (x) {
    case delivery::lossless:
      return "lossless";
    case delivery::lossy:
      return "lossy";
    case delivery::events_only:
      return "events only";
  }
  return "?";
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
