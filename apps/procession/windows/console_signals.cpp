#include "../console_signals.hpp"

#include <windows.h>

#include <mutex>
#include <utility>
#include <vector>

namespace procession::cli {

namespace {

// The system calls the handler without any context, on its own thread.
std::mutex mutex;
std::function<void(console_signal)> receiver;
std::vector<console_signal> early;

console_signal meaning(DWORD event) {
  switch (event) {
    case CTRL_C_EVENT:
      return console_signal::interrupt;
    case CTRL_BREAK_EVENT:
      return console_signal::quit;
    case CTRL_CLOSE_EVENT:
      return console_signal::hangup;
    default:
      return console_signal::terminate;
  }
}

BOOL WINAPI on_event(DWORD event) {
  {
    std::lock_guard guard{mutex};
    if (receiver)
      receiver(meaning(event));
    else
      early.push_back(meaning(event));
  }
  // For any other event the system ends the process as soon as this returns.
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
    ::Sleep(INFINITE);
  return TRUE;
}

} // namespace

void block_console_signals() {
  ::SetConsoleCtrlHandler(on_event, TRUE);
}

console_signal_thread::console_signal_thread(
  std::function<void(console_signal)> sink) {
  std::lock_guard guard{mutex};
  for (auto x : std::exchange(early, {}))
    sink(x);
  receiver = std::move(sink);
}

console_signal_thread::~console_signal_thread() {
  std::lock_guard guard{mutex};
  receiver = nullptr;
}

void console_signal_thread::stop_job() {
  // Windows has no job control.
}

} // namespace procession::cli
