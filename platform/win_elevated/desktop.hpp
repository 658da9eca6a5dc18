#pragma once

#include "procession/messages/error.hpp"

#include <optional>
#include <string>

namespace procession::windows {

/// Returns the window station and desktop of our own process, as STARTUPINFO
/// names them: "WinSta0\Default" for a person's session, another one for a
/// service. A program without a usable desktop fails while it loads user32.dll
/// (0xC0000142).
std::wstring own_desktop();

/// Lets a user's programs use that desktop, which CreateProcessWithLogonW
/// leaves to its caller. It lasts until our user logs off; a second call does
/// no harm.
/// @param user security identifier as text.
/// @returns the failure, if any, at `desktop`.
std::optional<failure> open_desktop_to(const std::string& user);

} // namespace procession::windows
