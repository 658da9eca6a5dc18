#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/session.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace procession {

/// Looks once whether a session is ready, and tells `done` the result: nothing,
/// or why it is not. It returns at once; `done` may be called from any thread,
/// and is called once or, when nobody can tell any more, never.
/// `invalid_argument` says that looking again is of no use.
/// @param who the session, as it was when its program began to run.
using probe = std::function<void(
  const session_info& who, std::function<void(std::optional<failure>)> done)>;

/// Ready as soon as the program runs.
struct ready_at_once {};

/// Ready once its output, of either stream, has the text in it.
struct ready_output {
  /// Not empty, 4 KiB at most.
  std::string text;
};

/// Ready once the probe finds what it looks for; it is tried again and again,
/// at first every 10 ms, later every second. `runtime::port_probe` makes one
/// that looks for a TCP port on which the session listens.
struct ready_probe {
  probe look;
};

/// Ready once the program has written a line to its
/// `command::notification_fd`.
struct ready_notified {};

/// When a program that was started is ready for others to rely on.
using readiness
  = std::variant<ready_at_once, ready_output, ready_notified, ready_probe>;

} // namespace procession
