#include "processes.hpp"

#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

#include <catch2/catch.hpp>

#include <winternl.h>

#include <cstring>
#include <vector>

namespace procession::test {

using windows::unique_handle;

namespace {

unique_handle open_process(std::int64_t pid, DWORD access = SYNCHRONIZE) {
  return unique_handle{::OpenProcess(access, FALSE, static_cast<DWORD>(pid))};
}

/// One entry of the system's list of all handles (SystemHandleInformation;
/// winternl.h has the function, not the types). GetProcessHandleCount would be
/// enough, but Wine 8 does not count them.
struct handle_entry {
  void* object;
  ULONG_PTR pid;
  ULONG_PTR value;
  ULONG access;
  USHORT back_trace;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

} // namespace

std::size_t own_handles() {
  constexpr auto extended_handle_information
    = static_cast<SYSTEM_INFORMATION_CLASS>(64);
  // The number of entries, something reserved, and the entries.
  constexpr auto head = 2 * sizeof(ULONG_PTR);
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  ULONG size = 0;
  while (::NtQuerySystemInformation(extended_handle_information, buffer.data(),
                                    static_cast<ULONG>(buffer.size()), &size)
         != 0) {
    REQUIRE(buffer.size() < std::size_t{1} << 28);
    buffer.resize(2 * buffer.size());
  }
  ULONG_PTR n = 0;
  std::memcpy(&n, buffer.data(), sizeof(n));
  std::size_t result = 0;
  for (std::size_t i = 0; i < n; ++i) {
    handle_entry entry;
    std::memcpy(&entry, buffer.data() + head + i * sizeof(entry),
                sizeof(entry));
    if (entry.pid == ::GetCurrentProcessId())
      ++result;
  }
  return result;
}

std::string helper_path(const std::string& name) {
  return windows::beside_own_program(name + ".exe");
}

std::string data_file() {
  return windows::system_directory() + "\\..\\win.ini";
}

std::int64_t own_pid() {
  return ::GetCurrentProcessId();
}

bool process_lives(std::int64_t pid) {
  auto handle = open_process(pid);
  return handle && ::WaitForSingleObject(handle.get(), 0) == WAIT_TIMEOUT;
}

bool process_gone(std::int64_t pid) {
  auto handle = open_process(pid);
  if (!handle)
    return true;
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  return ::WaitForSingleObject(handle.get(), static_cast<DWORD>(ms.count()))
         == WAIT_OBJECT_0;
}

bool kill_process(std::int64_t pid) {
  auto handle = open_process(pid, PROCESS_TERMINATE);
  return handle && ::TerminateProcess(handle.get(), 1);
}

std::optional<std::string> not_shown_here(limitation what) {
  if (!windows::running_under_wine())
    return std::nullopt;
  switch (what) {
    case limitation::resize:
      return "Wine 8 resizes no pseudoconsole (E_NOTIMPL)";
    case limitation::interrupt_key:
      return "Wine 8 takes a typed Ctrl-C for the end of the console";
    case limitation::close_event:
      return "Wine 8 tells nobody that a console is closed";
    case limitation::break_event:
      return "Wine 8 has no Ctrl-Break";
    case limitation::ignored_request:
      if (windows::wine_version() < 9)
        return std::nullopt;
      return "Wine 10 ends a process by Ctrl-Break, even if that handles it";
    case limitation::pipe_access:
      return "Wine 8 lets everybody open a pipe";
    case limitation::restricting_sids:
      return "Wine 8 ignores what a token is restricted by";
    case limitation::percent_sign:
      return "Wine 8 expands no part of a variable, so none that is empty";
    case limitation::processor_time:
      return "Wine 8 takes our own time for that of any process";
    case limitation::peak_memory:
      return "Wine 8 forgets the memory of a process that has ended";
    case limitation::closed_stream:
      return "Wine 8 keeps what a program closes open in its console";
  }
  return std::nullopt;
}

} // namespace procession::test
