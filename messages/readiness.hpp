#pragma once

#include "procession/messages/error.hpp"
#include "procession/messages/session.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace procession {

/// Checks once whether a session is ready, and passes the result to `done`:
/// nothing, or why it is not. It returns at once and may call `done` from any
/// thread; it calls `done` once, or never if it cannot find out any more. The
/// result `invalid_argument` means that further attempts are useless.
/// @param who the session, as it was when its program began to run.
using probe = std::function<void(
  const session_info& who, std::function<void(std::optional<failure>)> done)>;

/// Ready as soon as the program runs.
struct ready_at_once {};

/// Ready once its output, on either stream, contains the text.
struct ready_output {
  /// Not empty, at most 4 KiB.
  std::string text;
};

/// Ready once the probe succeeds. It is repeated, at first every 10 ms, later
/// every second. `runtime::port_probe` returns a probe for a TCP port on which
/// the session listens.
struct ready_probe {
  probe look;
};

/// Ready once the program has written a line to its
/// `command::notification_fd`.
struct ready_notified {};

/// When a started program is ready for others to rely on.
using readiness
  = std::variant<ready_at_once, ready_output, ready_notified, ready_probe>;

} // namespace procession
