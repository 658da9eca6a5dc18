#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/windows/host.hpp"

#include <windows.h>

#include <functional>
#include <optional>

namespace procession::windows {

enum class console_event {
  /// Ctrl-C: what an interactive program ends its present work for.
  interrupt,
  /// Ctrl-Break: what every program can be asked to end with; no process can
  /// ignore it unknowingly, as Ctrl-C is where an ancestor did.
  break_key,
};

/// Raises an event for every process on the console of process `pid`, which
/// its owner must hold a handle to. By way of a program beside ours,
/// procession-signal: our own process stays on its own console.
/// @param done called later, on the reactor, with why not if it was not done.
void send_console_event(host& where, DWORD pid, console_event what,
                        std::function<void(std::optional<failure>)> done);

} // namespace procession::windows
