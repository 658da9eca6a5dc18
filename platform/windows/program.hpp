#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"

#include <windows.h>

#include <string>

namespace procession::windows {

/// What CreateProcess wants to know of a command.
struct program {
  /// The file to load; for a batch file that is cmd.exe.
  std::wstring path;
  std::wstring command_line;
  /// With CREATE_UNICODE_ENVIRONMENT.
  std::wstring environment;
  /// Empty: ours.
  std::wstring cwd;
};

/// Looks a command's program up and puts everything into words.
expected<program> resolve(const command& spec);

/// Why CreateProcess did not start it, by GetLastError.
failure start_failure(const command& spec, DWORD os_code);

} // namespace procession::windows
