// Boost.Process 1.81 forgets these where the file system is the standard's.
#include <boost/optional.hpp>
#include <boost/type_traits.hpp>

#include "procession/platform/win_elevated/logon.hpp"

#include "procession/platform/win_elevated/desktop.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/windows/with_logon_launcher.hpp>

#include <utility>

namespace procession::windows {

namespace {

namespace boost_process = boost::process::v2;

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

/// The password for one call: Boost's launcher keeps it as a plain string.
class logon_launcher : public boost_process::windows::with_logon_launcher {
public:
  explicit logon_launcher(secret& x) {
    password = x.c_str();
  }

  logon_launcher(const logon_launcher&) = delete;
  logon_launcher& operator=(const logon_launcher&) = delete;

  ~logon_launcher() {
    ::SecureZeroMemory(password.data(), password.size() * sizeof(wchar_t));
  }
};

/// Puts what was started suspended into a job, and lets it go. An initializer
/// of Boost.Process, as its launcher closes the thread's handle.
struct contained_start {
  HANDLE job = nullptr;
  /// Why it did not, by GetLastError.
  DWORD os_code = 0;

  template <class Launcher>
  void on_success(Launcher& launcher, const boost_process::filesystem::path&,
                  std::wstring&) {
    auto& made = launcher.process_information;
    if (!::AssignProcessToJobObject(job, made.hProcess)
        || ::ResumeThread(made.hThread) != 1)
      os_code = ::GetLastError();
  }
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

std::variant<launched_runner, failure> start_as(const std::string& user,
                                                secret& password,
                                                const runner_command& what) {
  auto contained = job::make();
  if (auto* bad = std::get_if<failure>(&contained))
    return std::move(*bad);
  launched_runner result;
  result.job = std::move(std::get<job>(contained));
  auto desktop = own_desktop();
  logon_launcher launcher{password};
  launcher.username = to_wide_path(user);
  launcher.domain = L".";
  launcher.logon_flags = LOGON_WITH_PROFILE;
  launcher.creation_flags = CREATE_SUSPENDED | CREATE_NO_WINDOW
                            | CREATE_UNICODE_ENVIRONMENT;
  if (!what.cwd.empty())
    launcher.current_directory = what.cwd;
  auto environment = what.environment;
  if (environment)
    launcher.environment = environment->data();
  // The service that logs on copies these three, and only these.
  auto& info = launcher.startup_info.StartupInfo;
  info.cb = sizeof(info);
  info.lpDesktop = desktop.data();
  info.dwFlags = STARTF_USESTDHANDLES | STARTF_FORCEOFFFEEDBACK;
  info.hStdInput = what.in;
  info.hStdOutput = what.out;
  info.hStdError = what.err;
  contained_start contain{result.job.get()};
  boost::asio::io_context context;
  boost::system::error_code ec;
  quiet_errors quiet;
  // Wine 8 has nothing but a refusal that leaves the last error as it was.
  ::SetLastError(ERROR_SUCCESS);
  auto process = launcher(context, ec, what.path, what.command_line.c_str(),
                          contain);
  if (ec)
    return logon_failure(user, what, static_cast<DWORD>(ec.value()));
  if (!process.is_open())
    return logon_failure(user, what, ERROR_CALL_NOT_IMPLEMENTED);
  // From here on it is ended by `process` unless that is detached.
  if (contain.os_code != 0)
    return last_failure(errc::runner_failed, stage::contain,
                        "the runner cannot be put into a job", contain.os_code);
  HANDLE own = nullptr;
  if (!::DuplicateHandle(::GetCurrentProcess(), process.native_handle(),
                         ::GetCurrentProcess(), &own, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
    return last_failure(errc::out_of_descriptors, stage::launch,
                        "the runner cannot be watched");
  result.process.reset(own);
  result.pid = static_cast<DWORD>(process.id());
  process.detach();
  return result;
}

} // namespace procession::windows
