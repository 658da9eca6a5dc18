#pragma once

#include "procession/io/chunks.hpp"
#include "procession/io/loop.hpp"
#include "procession/platform/live_processes.hpp"

namespace procession::windows {

class process;

/// What the processes of one runtime share. There is no keeper: a job ends with
/// the last handle to it, and so with us.
struct host {
  /// Reads, writes, watches exits.
  loop reactor{"pcn-reactor"};
  /// Spawns, which takes milliseconds.
  loop launcher{"pcn-launcher"};
  /// Reactor.
  chunk_pool pool;
  live_processes<process> live;
};

} // namespace procession::windows
