#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/process_start.hpp"

#include <windows.h>

#include <memory>
#include <optional>
#include <string>

namespace procession::windows {

/// The command of a runner.
struct runner_command {
  /// Fully qualified path of the file to load.
  std::wstring path;
  /// All its words, quoted (rules/quoting.hpp). Not for secrets: other programs
  /// can read it.
  std::wstring command_line;
  /// With CREATE_UNICODE_ENVIRONMENT; empty: the system's for the user.
  std::optional<std::wstring> environment;
  /// Empty: ours. For another user a directory that every user can enter.
  std::wstring cwd;
  /// Its standard streams, inheritable and not overlapped, owned by the caller.
  /// Input holds the runner's secret, and then ends; we read output and error.
  HANDLE in = nullptr;
  HANDLE out = nullptr;
  HANDLE err = nullptr;
};

/// Starts runners as one user. On the launcher thread.
class runner_launcher {
public:
  runner_launcher() = default;
  runner_launcher(const runner_launcher&) = delete;
  runner_launcher& operator=(const runner_launcher&) = delete;
  virtual ~runner_launcher() = default;

  /// Starts a runner without a window, which inherits its standard streams and
  /// nothing else. May block as long as a logon.
  /// @returns the process without our ends of its streams.
  virtual expected<started_process> launch(const runner_command& what) = 0;

  /// The runner's user, as text (S-1-5-21-...), whom the channel must admit.
  virtual expected<std::string> user_sid() = 0;
};

/// Starts runners as our own user.
std::unique_ptr<runner_launcher> make_plain_launcher();

} // namespace procession::windows
