#pragma once

#include "procession/messages/caf.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace procession::cli {

/// What somebody tells us by a signal.
enum class console_signal {
  /// The interrupt key.
  interrupt,
  /// The quit key.
  quit,
  /// A polite request to end.
  terminate,
  /// The terminal is gone.
  hangup,
  /// The terminal has another size.
  resized,
  /// We were stopped and go on.
  resumed,
  /// The suspend key, in effect: stop.
  stop,
  // These mean what the program likes.
  user1,
  user2,
  alarm,
};

} // namespace procession::cli

PROCESSION_BEGIN_LOCAL(procession_console_signals, 3068)
  PROCESSION_LOCAL(procession_console_signals, procession::cli::console_signal)
PROCESSION_END_LOCAL(procession_console_signals)

namespace procession::cli {

/// Takes the signals out of the way, so that only a `console_signal_thread`
/// sees them; those that we were started with ignored stay ignored (nohup).
/// Call it before the first thread starts. A closed pipe becomes an error of
/// the write, reading from a terminal that is another job's one of the read,
/// and children can be waited for.
void block_console_signals();

/// Waits for signals on a thread of its own and hands them to `sink`, there.
class console_signal_thread {
public:
  explicit console_signal_thread(std::function<void(console_signal)> sink);
  console_signal_thread(const console_signal_thread&) = delete;
  console_signal_thread& operator=(const console_signal_thread&) = delete;
  /// Joins the thread.
  ~console_signal_thread();

  /// Stops our job, that is our process group, as the suspend key would; `sink`
  /// is told `resumed` when we go on. Any thread.
  void stop_job();

private:
  void run();

  std::function<void(console_signal)> sink_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> stop_job_ = false;
  std::thread thread_;
};

} // namespace procession::cli
