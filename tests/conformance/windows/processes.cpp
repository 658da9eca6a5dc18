#include "../world.hpp"

#include "procession/platform/windows/handle.hpp"
#include "procession/platform/windows/system.hpp"
#include "procession/platform/windows/wine.hpp"

namespace procession::test {

using windows::unique_handle;

namespace {

unique_handle open_process(std::int64_t pid, DWORD access = SYNCHRONIZE) {
  return unique_handle{::OpenProcess(access, FALSE, static_cast<DWORD>(pid))};
}

} // namespace

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
    case limitation::pipe_access:
      return "Wine 8 lets everybody open a pipe";
    case limitation::restricting_sids:
      return "Wine 8 ignores what a token is restricted by";
    case limitation::percent_sign:
      return "Wine 8 expands no part of a variable, so none that is empty";
    case limitation::peak_memory:
      return "Wine 8 forgets the memory of a process that has ended";
    case limitation::closed_stream:
      return "Wine 8 keeps what a program closes open in its console";
  }
  return std::nullopt;
}

} // namespace procession::test
