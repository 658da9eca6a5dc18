#pragma once

#include <string>
#include <vector>

namespace procession {

/// The words before a text that this system's shell is to run: sh(1), which
/// every POSIX system has, or Windows PowerShell, to which, unlike to cmd.exe,
/// a text can be handed whole.
std::vector<std::string> default_shell();

} // namespace procession
