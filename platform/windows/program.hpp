#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"

#include <windows.h>

#include <string>

namespace procession::windows {

/// A command in the form of CreateProcess.
struct program {
  /// The file to load; cmd.exe for a batch file.
  std::wstring path;
  std::wstring command_line;
  /// With CREATE_UNICODE_ENVIRONMENT.
  std::wstring environment;
  /// Empty: the working directory is ours.
  std::wstring cwd;
};

/// Looks a command's program up and converts the command.
expected<program> resolve(const command& spec);

/// The failure of CreateProcess, from its GetLastError.
failure start_failure(const command& spec, DWORD os_code);

} // namespace procession::windows
