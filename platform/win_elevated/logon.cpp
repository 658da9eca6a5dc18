#include "procession/platform/win_elevated/logon.hpp"

#include "procession/platform/win_elevated/desktop.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <utility>

namespace procession::windows {

namespace {

/// No box that waits for a click where nobody sees it. The mode is the whole
/// process's, and what it starts begins with it; but by way of a logon not
/// reliably, so a runner sets it again.
class quiet_errors {
public:
  quiet_errors()
    : before_(::SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX
                             | SEM_NOOPENFILEERRORBOX)) {
    // nop
  }

  quiet_errors(const quiet_errors&) = delete;
  quiet_errors& operator=(const quiet_errors&) = delete;

  ~quiet_errors() {
    ::SetErrorMode(before_);
  }

private:
  UINT before_;
};

/// Whether the code is of what was to be started, the user having been let in.
bool is_of_program(DWORD os_code) {
  switch (os_code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_DIRECTORY:
    case ERROR_BAD_EXE_FORMAT:
      return true;
    default:
      return false;
  }
}

failure logon_failure(const std::string& user, const runner_command& what,
                      DWORD os_code) {
  if (is_of_program(os_code))
    return last_failure(errc::runner_failed, stage::launch,
                        "the user '" + user + "' cannot start '"
                          + to_utf8(from_wide(what.path)) + "'",
                        os_code);
  // Of this one the system does not say which of the two it is of.
  auto text = "the user '" + user + "' cannot be logged on";
  if (os_code == ERROR_ACCESS_DENIED)
    text += ", or may not read '" + to_utf8(from_wide(what.path)) + "'";
  return last_failure(errc::runner_failed, stage::logon, std::move(text),
                      os_code);
}

} // namespace

expected<launched_runner> start_as(const std::string& user, secret& password,
                                   const runner_command& what) {
  auto contained = job::make();
  if (!contained)
    return std::move(contained.error());
  launched_runner result;
  result.job = std::move(*contained);
  auto desktop = own_desktop();
  // The service that logs on copies these three, and only these.
  STARTUPINFOW info{};
  info.cb = sizeof(info);
  info.lpDesktop = desktop.data();
  info.dwFlags = STARTF_USESTDHANDLES | STARTF_FORCEOFFFEEDBACK;
  info.hStdInput = what.in;
  info.hStdOutput = what.out;
  info.hStdError = what.err;
  PROCESS_INFORMATION made{};
  // The call may write into these two.
  auto command_line = what.command_line;
  auto environment = what.environment;
  quiet_errors quiet;
  // Wine 8 refuses and leaves the last error as it was.
  ::SetLastError(ERROR_SUCCESS);
  if (!::CreateProcessWithLogonW(
        to_wide_path(user).c_str(), L".", password.c_str(), LOGON_WITH_PROFILE,
        what.path.c_str(), command_line.data(),
        CREATE_SUSPENDED | CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT,
        environment ? environment->data() : nullptr,
        what.cwd.empty() ? nullptr : what.cwd.c_str(), &info, &made)) {
    auto os_code = ::GetLastError();
    return logon_failure(user, what,
                         os_code != 0 ? os_code : ERROR_CALL_NOT_IMPLEMENTED);
  }
  result.process.reset(made.hProcess);
  result.pid = made.dwProcessId;
  unique_handle thread{made.hThread};
  if (!::AssignProcessToJobObject(result.job.get(), made.hProcess)
      || ::ResumeThread(thread.get()) != 1) {
    auto os_code = ::GetLastError();
    ::TerminateProcess(made.hProcess, killed_code);
    return last_failure(errc::runner_failed, stage::contain,
                        "the runner cannot be put into a job", os_code);
  }
  return result;
}

} // namespace procession::windows
