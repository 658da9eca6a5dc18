#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/windows/host.hpp"

#include <windows.h>

#include <functional>
#include <optional>

namespace procession::windows {

enum class console_event {
  /// Ctrl-C: interactive programs cancel their present work.
  interrupt,
  /// Ctrl-Break: asks any program to end. A process cannot ignore it
  /// unknowingly, unlike Ctrl-C, if an ancestor ignores that.
  break_key,
};

/// Raises an event for every process on the console of process `pid`, to which
/// the caller must hold a handle. Uses procession-signal, a program beside
/// ours, since our own process stays on its own console.
/// @param done called later, on the reactor, with the failure, if any.
void send_console_event(host& where, DWORD pid, console_event what,
                        std::function<void(std::optional<failure>)> done);

} // namespace procession::windows
