#pragma once

#include "procession/messages/caf.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace procession::cli {

/// A request that reaches us as a signal.
enum class console_signal {
  /// The interrupt key.
  interrupt,
  /// The quit key.
  quit,
  /// A request to end.
  terminate,
  /// The terminal is gone.
  hangup,
  /// The terminal has another size.
  resized,
  /// We were stopped and have been continued.
  resumed,
  /// The suspend key.
  stop,
  // The program defines the meaning of these.
  user1,
  user2,
  alarm,
};

} // namespace procession::cli

PROCESSION_BEGIN_LOCAL(procession_console_signals, 3068)
  PROCESSION_LOCAL(procession_console_signals, procession::cli::console_signal)
PROCESSION_END_LOCAL(procession_console_signals)

namespace procession::cli {

/// Blocks the signals, so that only a `console_signal_thread` receives them;
/// signals that were ignored at our start stay ignored (nohup). Call it before
/// the first thread starts. From then on, writing to a closed pipe and reading
/// from the terminal of another job are errors, and children can be waited for.
void block_console_signals();

/// Waits for signals on its own thread and hands them to `sink` there.
class console_signal_thread {
public:
  explicit console_signal_thread(std::function<void(console_signal)> sink);
  console_signal_thread(const console_signal_thread&) = delete;
  console_signal_thread& operator=(const console_signal_thread&) = delete;
  /// Joins the thread.
  ~console_signal_thread();

  /// Stops our job, that is our process group, as the suspend key would; `sink`
  /// gets `resumed` when we are continued. Any thread.
  void stop_job();

private:
  void run();

  std::function<void(console_signal)> sink_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> stop_job_ = false;
  std::thread thread_;
};

} // namespace procession::cli
