#pragma once

#include "procession/io/output/chunks.hpp"
#include "procession/io/reactor/loop.hpp"
#include "procession/platform/common/live_processes.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/keeper_watch.hpp"
#include "procession/platform/posix/launch_watch.hpp"
#include "procession/platform/posix/listener_search.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace procession::posix {

class process;

/// The state that the processes of one runtime share. Each member names the
/// thread that uses it.
struct host {
  // Used by processes that the reactor destroys at its end.

  /// Reactor.
  chunk_pool pool;
  /// Reactor: for wide pipes and terminals, see `output_reader`.
  chunk_pool wide_pool{8, 4 * chunk_pool::block_size};
  /// Reactor: the number of wide outputs.
  int wide_pipes = 0;

  /// Reads, writes, watches exits.
  loop reactor{"pcn-reactor"};
  /// Spawns. The parent-death signal of every child is tied to the thread that
  /// started it. A few spawns may be stuck while others go on: the second half
  /// of a spawn, after the exec, uses only its own process.
  loop launcher{"pcn-launcher", 4};
  /// Any thread.
  launch_watch watch{reactor, launcher};
  /// Launcher, but `kind` anywhere.
  std::unique_ptr<posix::containment> containment;
  /// Launcher.
  keeper_watch keeper{reactor, launcher};
  live_processes<process> live;
  /// Reactor.
  listener_search listeners{reactor};

  /// Stops waiting for launches that are under way.
  void hurry() {
    watch.hurry();
  }

  /// On the launcher, last: ends the keeper and the containment.
  void release() {
    keeper.stop();
    containment.reset();
  }

  /// Called when both threads have ended.
  void close() {
    listeners.stop();
  }
};

/// Checks whether a process of the session led by process `pid` listens where a
/// connection was accepted. `done` gets no failure if one does. Both on the
/// reactor.
void check_listener(host& where, std::int64_t pid,
                    const boost::asio::ip::tcp::endpoint& at,
                    const std::function<void(std::optional<failure>)>& done);

} // namespace procession::posix
