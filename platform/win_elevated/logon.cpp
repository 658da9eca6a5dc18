#include "procession/platform/win_elevated/logon.hpp"

#include "procession/platform/win_elevated/desktop.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <utility>

namespace procession::windows {

namespace {

/// Prevents error boxes, which would wait for a click where no person sees
/// them. The mode belongs to the whole process, and new processes inherit it;
/// but a logon does not reliably pass it on, so a runner sets it again.
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

/// Whether the code is about the program to be started, after a logon that
/// succeeded.
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
  // ERROR_ACCESS_DENIED may be about either.
  auto text = "the user '" + user + "' cannot be logged on";
  if (os_code == ERROR_ACCESS_DENIED)
    text += ", or may not read '" + to_utf8(from_wide(what.path)) + "'";
  return last_failure(errc::runner_failed, stage::logon, std::move(text),
                      os_code);
}

} // namespace

expected<started_process> start_as(const std::string& user, secret& password,
                                   const runner_command& what) {
  auto contained = job::make();
  if (!contained)
    return std::move(contained.error());
  started_process result;
  result.job = std::move(*contained);
  auto desktop = own_desktop();
  // The logon service copies only these three.
  STARTUPINFOW info{};
  info.cb = sizeof(info);
  info.lpDesktop = desktop.data();
  info.dwFlags = STARTF_USESTDHANDLES | STARTF_FORCEOFFFEEDBACK;
  info.hStdInput = what.in;
  info.hStdOutput = what.out;
  info.hStdError = what.err;
  PROCESS_INFORMATION made{};
  // The call may write to these two.
  auto command_line = what.command_line;
  auto environment = what.environment;
  quiet_errors quiet;
  // Wine 8 refuses without setting the last error.
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
