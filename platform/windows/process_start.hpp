#pragma once

#include "procession/messages/command.hpp"
#include "procession/messages/expected.hpp"
#include "procession/platform/windows/job.hpp"
#include "procession/platform/windows/pseudoconsole.hpp"

#include <memory>

namespace procession::windows {

/// A process that was started; its owner must watch and end it.
struct started_process {
  DWORD pid = 0;
  unique_handle process;
  windows::job job;
  /// Null on pipes. Before the streams, as it must be destroyed after its
  /// output.
  std::shared_ptr<pseudoconsole> console;
  /// Our ends of its standard streams, as far as it has them.
  unique_handle in;
  unique_handle out;
  unique_handle err;
};

/// Starts a process in a job of its own from its first instruction on. It has
/// its own console, a pseudoconsole, or on pipes one without a window, so that
/// it never sees ours. It inherits its standard streams and nothing else. Takes
/// milliseconds, so not on the reactor.
expected<started_process> start_process(const command& spec);

} // namespace procession::windows
