#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/job.hpp"

#include <windows.h>

#include <memory>
#include <optional>
#include <string>

namespace procession::windows {

/// What a runner is started with.
struct runner_command {
  /// Fully qualified path of the file to load.
  std::wstring path;
  /// All its words, quoted (rules/quoting.hpp). No secret: whoever may look at
  /// the process reads it.
  std::wstring command_line;
  /// With CREATE_UNICODE_ENVIRONMENT; none: what the system gives the user.
  std::optional<std::wstring> environment;
  /// Empty: ours. For another user one that every user can enter.
  std::wstring cwd;
  /// Its standard streams, inheritable and not overlapped, owned by the caller.
  /// Input holds what the runner is told in secret, and has its end behind it;
  /// output and error are read by us.
  HANDLE in = nullptr;
  HANDLE out = nullptr;
  HANDLE err = nullptr;
};

/// A runner that was started and is now somebody's to watch and end.
struct launched_runner {
  unique_handle process;
  DWORD pid = 0;
  /// Holds it from its first instruction on, and all that it starts.
  windows::job job;
};

/// Starts runners as one user. On the launcher thread.
class runner_launcher {
public:
  runner_launcher() = default;
  runner_launcher(const runner_launcher&) = delete;
  runner_launcher& operator=(const runner_launcher&) = delete;
  virtual ~runner_launcher() = default;

  /// Starts a runner without a window, which inherits its standard streams and
  /// nothing else. May block for as long as a logon takes.
  virtual expected<launched_runner> launch(const runner_command& what) = 0;

  /// Who the runner will be, as text (S-1-5-21-...): whom the channel is to
  /// let in.
  virtual expected<std::string> user_sid() = 0;
};

/// Starts runners as our own user.
std::unique_ptr<runner_launcher> make_plain_launcher();

} // namespace procession::windows
