#pragma once

#include "procession/io/output/chunks.hpp"
#include "procession/io/reactor/loop.hpp"
#include "procession/messages/error.hpp"
#include "procession/platform/common/live_processes.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <optional>

namespace procession::windows {

class process;

/// The state that the processes of one runtime share. There is no keeper: a job
/// ends with the last handle to it, and so with us.
struct host {
  /// Reads, writes, watches exits.
  loop reactor{"pcn-reactor"};
  /// Spawns, which takes milliseconds.
  loop launcher{"pcn-launcher"};
  /// Reactor.
  chunk_pool pool;
  live_processes<process> live;

  // Besides the threads there is nothing to hurry, release or close.
  void hurry() {
  }
  void release() {
  }
  void close() {
  }
};

/// Checks whether a process of the session led by process `pid` created the
/// socket that listens where a connection was accepted. On the reactor; calls
/// `done` from inside, without a failure if one did.
void check_listener(host& where, std::int64_t pid,
                    const boost::asio::ip::tcp::endpoint& at,
                    const std::function<void(std::optional<failure>)>& done);

} // namespace procession::windows
