#include "procession/platform/win_elevated/parent.hpp"

#include "procession/platform/win_elevated/rules/pipe_security.hpp"
#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace procession::windows {

namespace {

constexpr auto patience = std::chrono::seconds{30};

failure no_channel(std::string text, DWORD os_code = 0) {
  return last_failure(errc::runner_failed, stage::connect, std::move(text),
                      os_code);
}

expected<unique_handle> open_pipe(const std::string& name) {
  using namespace std::chrono;
  auto path = to_wide_path(name);
  auto due = steady_clock::now() + patience;
  for (;;) {
    // Requests no more rights than the pipe grants (rules/pipe_security.cpp).
    unique_handle result{::CreateFileW(
      path.c_str(), FILE_READ_DATA | FILE_WRITE_DATA, 0, nullptr, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      nullptr)};
    if (result)
      return result;
    auto os_code = ::GetLastError();
    auto left = duration_cast<milliseconds>(due - steady_clock::now()).count();
    if (os_code != ERROR_PIPE_BUSY || left <= 0)
      return no_channel(
        "the parent's pipe '" + name + "' cannot be connected to", os_code);
    // 0 would be the pipe's own time-out. The next attempt shows the result.
    ::WaitNamedPipeW(path.c_str(), static_cast<DWORD>(left));
  }
}

} // namespace

std::optional<runner_secret> take_runner_secret() {
  auto in = ::GetStdHandle(STD_INPUT_HANDLE);
  DWORD size = 0;
  if (::GetFileType(in) != FILE_TYPE_PIPE
      || !::PeekNamedPipe(in, nullptr, 0, nullptr, &size, nullptr) || size == 0)
    return std::nullopt;
  std::array<char, max_runner_secret> text{};
  if (!::ReadFile(in, text.data(), static_cast<DWORD>(text.size()), &size,
                  nullptr))
    return std::nullopt;
  auto result = parse_runner_secret({text.data(), size});
  ::SecureZeroMemory(text.data(), text.size());
  return result;
}

expected<unique_handle> connect_to_parent(const std::string& name,
                                          std::uint32_t parent) {
  if (!is_local_pipe_name(name))
    return no_channel("'" + name + "' is not a local pipe");
  auto opened = open_pipe(name);
  ULONG server = 0;
  if (!opened || parent == 0)
    return opened;
  if (!::GetNamedPipeServerProcessId(opened->get(), &server)
      || server != parent)
    return no_channel("the pipe '" + name + "' is not our parent's");
  return opened;
}

} // namespace procession::windows
