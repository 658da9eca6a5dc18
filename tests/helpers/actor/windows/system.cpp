#include "../system.hpp"

#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/rules/quoting.hpp"
#include "procession/platform/windows/rules/unicode.hpp"
#include "procession/platform/windows/system.hpp"

#include <shellapi.h>

#include <array>
#include <memory>
#include <mutex>
#include <utility>

namespace actor {

namespace {

using namespace procession::windows;

constexpr std::array numbers{STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
                             STD_ERROR_HANDLE};

HANDLE stream_of(int number) {
  return ::GetStdHandle(numbers[static_cast<std::size_t>(number)]);
}

std::mutex handlers_mutex;
std::function<void()> interrupt_handler;
std::function<void()> terminate_handler;

BOOL WINAPI on_event(DWORD event) {
  std::function<void()> f;
  {
    std::lock_guard guard{handlers_mutex};
    f = event == CTRL_C_EVENT ? interrupt_handler : terminate_handler;
  }
  if (f)
    f();
  return TRUE;
}

} // namespace

std::vector<std::string> words(int, char**) {
  // A console must be told that our output is UTF-8.
  ::SetConsoleOutputCP(CP_UTF8);
  auto n = 0;
  std::unique_ptr<wchar_t*, decltype(&::LocalFree)> all{
    ::CommandLineToArgvW(::GetCommandLineW(), &n), &::LocalFree};
  std::vector<std::string> result;
  for (auto i = 1; i < n; ++i)
    result.push_back(to_utf8(from_wide(all.get()[i])));
  return result;
}

std::string variable(const std::string& name) {
  std::vector<wchar_t> value(32768);
  auto n = ::GetEnvironmentVariableW(to_wide_path(name).c_str(), value.data(),
                                     static_cast<DWORD>(value.size()));
  return n == 0 ? "none" : to_utf8(from_wide({value.data(), n}));
}

std::string directory() {
  std::vector<wchar_t> path(32768);
  auto n = ::GetCurrentDirectoryW(static_cast<DWORD>(path.size()), path.data());
  return to_utf8(from_wide({path.data(), n}));
}

std::size_t read_input(std::span<char> to) {
  DWORD n = 0;
  if (!::ReadFile(stream_of(0), to.data(), static_cast<DWORD>(to.size()), &n,
                  nullptr))
    return 0;
  // In the console's line mode a Ctrl-Z at the start of a line is the end.
  DWORD mode = 0;
  if (n > 0 && to[0] == '\x1a' && ::GetConsoleMode(stream_of(0), &mode)
      && (mode & ENABLE_LINE_INPUT) != 0)
    return 0;
  return n;
}

bool write_output(int stream, std::span<const char> bytes) {
  while (!bytes.empty()) {
    DWORD n = 0;
    if (!::WriteFile(stream_of(stream), bytes.data(),
                     static_cast<DWORD>(bytes.size()), &n, nullptr))
      return false;
    bytes = bytes.subspan(n);
  }
  return true;
}

void close_stream(int stream) {
  unique_handle{stream_of(stream)}.reset();
}

std::int64_t own_pid() {
  return ::GetCurrentProcessId();
}

std::int64_t start_self(const std::vector<std::string>& words, bool silent) {
  auto own = beside_own_program("test-actor.exe");
  auto line = to_wide(to_utf16(*make_command_line("actor", words)).value());
  SECURITY_ATTRIBUTES inheritable{sizeof(inheritable), nullptr, TRUE};
  unique_handle null{::CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE,
                                   &inheritable, OPEN_EXISTING, 0, nullptr)};
  STARTUPINFOW info{};
  info.cb = sizeof(info);
  info.dwFlags = STARTF_USESTDHANDLES;
  info.hStdInput = null.get();
  info.hStdOutput = silent ? null.get() : stream_of(1);
  info.hStdError = silent ? null.get() : stream_of(2);
  // A silent child must not hold a pipe open.
  if (silent)
    for (auto i = 0; i < 3; ++i)
      ::SetHandleInformation(stream_of(i), HANDLE_FLAG_INHERIT, 0);
  PROCESS_INFORMATION made{};
  // Nor a console, which under Wine holds our streams during its whole life.
  DWORD flags = CREATE_NEW_PROCESS_GROUP | (silent ? DETACHED_PROCESS : 0);
  if (!::CreateProcessW(to_wide_path(own).c_str(), line.data(), nullptr,
                        nullptr, TRUE, flags, nullptr, nullptr, &info, &made))
    leave(96);
  unique_handle{made.hThread}.reset();
  unique_handle{made.hProcess}.reset();
  return made.dwProcessId;
}

void on_interrupt(std::function<void()> f) {
  std::lock_guard guard{handlers_mutex};
  interrupt_handler = std::move(f);
  ::SetConsoleCtrlHandler(on_event, TRUE);
}

void on_terminate(std::function<void()> f) {
  std::lock_guard guard{handlers_mutex};
  terminate_handler = std::move(f);
  ::SetConsoleCtrlHandler(on_event, TRUE);
}

std::string terminal_size() {
  CONSOLE_SCREEN_BUFFER_INFO info{};
  if (!::GetConsoleScreenBufferInfo(stream_of(1), &info))
    return "none";
  return std::to_string(info.srWindow.Bottom - info.srWindow.Top + 1) + ' '
         + std::to_string(info.srWindow.Right - info.srWindow.Left + 1);
}

void set_raw() {
  DWORD mode = 0;
  if (::GetConsoleMode(stream_of(0), &mode))
    ::SetConsoleMode(stream_of(0), 0);
}

void leave(std::uint32_t code) {
  ::ExitProcess(code);
}

} // namespace actor
