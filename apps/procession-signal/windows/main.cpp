// Sends Ctrl-C or Ctrl-Break to the processes on another console. Windows
// allows that only to a process on that console, and a process has at most one
// console: hence this separate program, which leaves its console and joins the
// other one.
#include <windows.h>

#include <cstdlib>
#include <string_view>

namespace {

BOOL WINAPI ignore(DWORD) {
  return TRUE;
}

/// @returns 0, or the error of GetLastError.
DWORD send(DWORD pid, DWORD event) {
  ::FreeConsole();
  if (!::AttachConsole(pid))
    return ::GetLastError();
  // We are on that console now, too, and must survive the event.
  ::SetConsoleCtrlHandler(ignore, TRUE);
  // The group 0 is every process on the console.
  return ::GenerateConsoleCtrlEvent(event, 0) ? 0 : ::GetLastError();
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return ERROR_INVALID_PARAMETER;
  auto pid = static_cast<DWORD>(std::strtoul(argv[1], nullptr, 10));
  auto event = std::string_view{argv[2]};
  if (event == "interrupt")
    return static_cast<int>(send(pid, CTRL_C_EVENT));
  if (event != "break")
    return ERROR_INVALID_PARAMETER;
  auto result = send(pid, CTRL_BREAK_EVENT);
  // Wine 8 has no Ctrl-Break.
  if (result == ERROR_INVALID_HANDLE || result == ERROR_CALL_NOT_IMPLEMENTED)
    result = send(pid, CTRL_C_EVENT);
  return static_cast<int>(result);
}
