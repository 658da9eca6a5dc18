#include "procession/platform/windows/process_start.hpp"

#include "procession/platform/win_elevated/desktop.hpp"
#include "procession/platform/win_elevated/restricted_token.hpp"
#include "procession/platform/windows/attribute_list.hpp"
#include "procession/platform/windows/pipes.hpp"
#include "procession/platform/windows/program.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

#include <optional>
#include <vector>

namespace procession::windows {

namespace {

/// The child's ends of the streams; empty on a terminal.
struct their_ends {
  unique_handle in;
  unique_handle out;
  unique_handle err;
};

std::optional<failure> open_pipe(pipe_direction direction, bool inheritable,
                                 unique_handle& ours, unique_handle& theirs) {
  auto made = make_pipe(direction, inheritable);
  if (!made)
    return std::move(made.error());
  ours = std::move(made->ours);
  theirs = std::move(made->theirs);
  return std::nullopt;
}

std::optional<failure> open_pipes(const stdio_spec& spec, started_process& ours,
                                  their_ends& theirs) {
  if (auto bad = open_pipe(pipe_direction::from_child, true, ours.out,
                           theirs.out))
    return bad;
  if (spec.kind == stdio_kind::pipes)
    if (auto bad = open_pipe(pipe_direction::from_child, true, ours.err,
                             theirs.err))
      return bad;
  if (spec.input == stdin_kind::pipe)
    return open_pipe(pipe_direction::to_child, true, ours.in, theirs.in);
  auto null = open_null();
  if (!null)
    return std::move(null.error());
  theirs.in = std::move(*null);
  return std::nullopt;
}

std::optional<failure> open_terminal(terminal_size size, started_process& ours,
                                     their_ends& theirs) {
  unique_handle in;
  unique_handle out;
  if (auto bad = open_pipe(pipe_direction::to_child, false, ours.in, in))
    return bad;
  if (auto bad = open_pipe(pipe_direction::from_child, false, ours.out, out))
    return bad;
  auto made = pseudoconsole::make(size, std::move(in), std::move(out));
  if (!made)
    return std::move(made.error());
  ours.console = std::move(*made);
  if (running_under_wine()) {
    auto handles = wine_console_handles();
    theirs.in = std::move(handles.in);
    theirs.out = std::move(handles.out);
  }
  return std::nullopt;
}

std::optional<failure> open_streams(const stdio_spec& spec,
                                    started_process& ours, their_ends& theirs) {
  switch (spec.kind) {
    case stdio_kind::pty:
      return open_terminal(spec.size, ours, theirs);
    case stdio_kind::pipes:
    case stdio_kind::merged:
      return open_pipes(spec, ours, theirs);
  }
  return failure{errc::invalid_argument,
                 {stage::validate, 0, "no such kind of standard streams"}};
}

/// Calls CreateProcess.
/// @param token the rights of the process; null: ours.
/// @returns 0, or the error of GetLastError.
DWORD create(program& what, const their_ends& theirs, HANDLE token,
             bool explicit_streams, started_process& result) {
  STARTUPINFOEXW info{};
  info.StartupInfo.cb = sizeof(info);
  if (explicit_streams) {
    // On a terminal they are null: the console gives the child its own. Without
    // the flag it would get copies of ours, if ours are redirected.
    info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    info.StartupInfo.hStdInput = theirs.in.get();
    info.StartupInfo.hStdOutput = theirs.out.get();
    info.StartupInfo.hStdError = theirs.err ? theirs.err.get()
                                            : theirs.out.get();
  }
  std::vector<HANDLE> inherited;
  for (auto* x : {&theirs.in, &theirs.out, &theirs.err})
    if (*x)
      inherited.push_back(x->get());
  auto job = result.job.get();
  attribute_list attributes{3};
  auto ok = attributes.add(PROC_THREAD_ATTRIBUTE_JOB_LIST, &job, sizeof(job));
  if (ok && !inherited.empty())
    ok = attributes.add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited.data(),
                        inherited.size() * sizeof(HANDLE));
  if (ok && result.console != nullptr)
    // The value of this attribute is the handle itself, not its address.
    ok = attributes.add(PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE,
                        result.console->get(), sizeof(HPCON));
  if (!ok)
    return ::GetLastError();
  info.lpAttributeList = attributes.get();
  DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
  if (result.console == nullptr)
    flags |= CREATE_NO_WINDOW;
  // A restricted program does not inherit our desktop by itself.
  auto desktop = token != nullptr ? own_desktop() : std::wstring{};
  if (token != nullptr)
    info.StartupInfo.lpDesktop = desktop.data();
  PROCESS_INFORMATION made{};
  auto call = [&](auto function, auto... first) {
    return function(first..., what.path.c_str(), what.command_line.data(),
                    nullptr, nullptr, inherited.empty() ? FALSE : TRUE, flags,
                    what.environment.data(),
                    what.cwd.empty() ? nullptr : what.cwd.c_str(),
                    &info.StartupInfo, &made);
  };
  if (!(token == nullptr ? call(&::CreateProcessW)
                         : call(&::CreateProcessAsUserW, token)))
    return ::GetLastError();
  unique_handle{made.hThread}.reset();
  result.process.reset(made.hProcess);
  result.pid = made.dwProcessId;
  return 0;
}

/// Calls `create`, a second time where some builds of Windows 11 refuse null
/// streams beside a pseudoconsole.
DWORD create(program& what, const their_ends& theirs, HANDLE token,
             started_process& result) {
  auto os_code = create(what, theirs, token, true, result);
  if (os_code == ERROR_INVALID_PARAMETER && result.console != nullptr)
    os_code = create(what, theirs, token, false, result);
  return os_code;
}

/// Calls `create` with a restricted token that keeps the user or, if the system
/// refuses that, drops it.
expected<DWORD> create_restricted(const restriction& restricted, program& what,
                                  const their_ends& theirs,
                                  started_process& result) {
  DWORD os_code = 0;
  for (auto user : {own_user::kept, own_user::dropped}) {
    auto token = make_restricted_token(restricted, user);
    if (!token)
      return std::move(token.error());
    os_code = create(what, theirs, token->get(), result);
    if (os_code != ERROR_ACCESS_DENIED
        && os_code != ERROR_NO_SUCH_LOGON_SESSION)
      break;
  }
  return os_code;
}

} // namespace

expected<started_process> start_process(const command& spec) {
  if (spec.notification_fd != 0)
    return failure{errc::invalid_argument,
                   {stage::setup, 0,
                    "there is no notification descriptor on Windows"}};
  if (spec.kill.background != background_policy::end)
    return failure{errc::invalid_argument,
                   {stage::setup, 0,
                    "on Windows background processes end with the process "
                    "that left them; run what is to go on as a session of its "
                    "own"}};
  if (spec.stdio.input == stdin_kind::inherit)
    return failure{errc::invalid_argument,
                   {stage::validate, 0,
                    "standard input is not inherited on Windows"}};
  auto resolved = resolve(spec);
  if (!resolved)
    return std::move(resolved.error());
  auto& what = *resolved;
  started_process result;
  auto contained = job::make();
  if (!contained)
    return std::move(contained.error());
  result.job = std::move(*contained);
  their_ends theirs;
  if (auto bad = open_streams(spec.stdio, result, theirs))
    return std::move(*bad);
  auto created = spec.restricted.capability_sids.empty()
                   ? expected<DWORD>{create(what, theirs, nullptr, result)}
                   : create_restricted(spec.restricted, what, theirs, result);
  if (!created)
    return std::move(created.error());
  if (auto os_code = *created; os_code != 0)
    return start_failure(spec, os_code);
  return result;
}

} // namespace procession::windows
