#pragma once

#include "procession/messages/error.hpp"

#include <optional>
#include <string>

namespace procession::windows {

/// The window station and desktop that our own process is on, as STARTUPINFO
/// wants them: "WinSta0\Default" for somebody's session, another one for a
/// service. A program without a desktop that it may use does not get further
/// than the loading of user32.dll (0xC0000142).
std::wstring own_desktop();

/// Lets a user's programs be on that desktop, as CreateProcessWithLogonW leaves
/// to its caller. It holds until our user logs off; once is enough, and twice
/// no harm.
/// @param user security identifier as text.
/// @returns why not, at `desktop`.
std::optional<failure> open_desktop_to(const std::string& user);

} // namespace procession::windows
