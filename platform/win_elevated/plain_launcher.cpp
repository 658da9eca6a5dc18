#include "procession/messages/expected.hpp"
#include "procession/platform/win_elevated/runner_launcher.hpp"
#include "procession/platform/win_elevated/user.hpp"
#include "procession/platform/windows/attribute_list.hpp"
#include "procession/platform/windows/program.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <algorithm>
#include <array>

namespace procession::windows {

namespace {

failure launch_failure(const runner_command& what, DWORD os_code) {
  command named;
  named.program = to_utf8(from_wide(what.path));
  named.cwd = to_utf8(from_wide(what.cwd));
  return start_failure(named, os_code);
}

class plain_launcher : public runner_launcher {
public:
  expected<started_process> launch(const runner_command& what) override {
    auto contained = job::make();
    if (!contained)
      return std::move(contained.error());
    started_process result;
    result.job = std::move(*contained);
    std::array inherited{what.in, what.out, what.err};
    // The system refuses a list with duplicates.
    std::sort(inherited.begin(), inherited.end());
    auto count = static_cast<std::size_t>(
      std::unique(inherited.begin(), inherited.end()) - inherited.begin());
    auto job = result.job.get();
    attribute_list attributes{2};
    if (!attributes.add(PROC_THREAD_ATTRIBUTE_JOB_LIST, &job, sizeof(job))
        || !attributes.add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited.data(),
                           count * sizeof(HANDLE)))
      return launch_failure(what, ::GetLastError());
    STARTUPINFOEXW info{};
    info.StartupInfo.cb = sizeof(info);
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdInput = what.in;
    info.StartupInfo.hStdOutput = what.out;
    info.StartupInfo.hStdError = what.err;
    info.lpAttributeList = attributes.get();
    // CreateProcess may write to the line, but to nothing else.
    auto line = what.command_line;
    auto* environment = what.environment
                          ? const_cast<wchar_t*>(what.environment->c_str())
                          : nullptr;
    PROCESS_INFORMATION made{};
    if (!::CreateProcessW(
          what.path.c_str(), line.data(), nullptr, nullptr, TRUE,
          EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW
            | CREATE_UNICODE_ENVIRONMENT,
          environment, what.cwd.empty() ? nullptr : what.cwd.c_str(),
          &info.StartupInfo, &made))
      return launch_failure(what, ::GetLastError());
    unique_handle{made.hThread}.reset();
    result.process.reset(made.hProcess);
    result.pid = made.dwProcessId;
    return result;
  }

  expected<std::string> user_sid() override {
    return own_user_sid();
  }
};

} // namespace

std::unique_ptr<runner_launcher> make_plain_launcher() {
  return std::make_unique<plain_launcher>();
}

} // namespace procession::windows
