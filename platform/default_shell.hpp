#pragma once

#include <string>
#include <vector>

namespace procession {

/// The words before a text for this system's shell to run: sh(1), which every
/// POSIX system has, or Windows PowerShell, which unlike cmd.exe takes a whole
/// text.
std::vector<std::string> default_shell();

} // namespace procession
