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

/// What the processes of one runtime share. Each member says on which of the
/// two threads it is touched.
struct host {
  /// Reads, writes, watches exits.
  loop reactor{"pcn-reactor"};
  /// Spawns; the parent-death signal of every child hangs on the thread that it
  /// was started on. A few spawns may be stuck while others go on: the second
  /// half of a spawn, after the exec, touches nothing but its own process.
  loop launcher{"pcn-launcher", 4};
  /// Any thread.
  launch_watch watch{reactor, launcher};
  /// Reactor.
  chunk_pool pool;
  /// Reactor: for wide pipes and terminals, see `output_reader`.
  chunk_pool wide_pool{8, 4 * chunk_pool::block_size};
  /// Reactor: how many of them are wide.
  int wide_pipes = 0;
  /// Launcher, but `kind` anywhere.
  std::unique_ptr<posix::containment> containment;
  /// Launcher.
  keeper_watch keeper{reactor, launcher};
  live_processes<process> live;
  /// Reactor.
  listener_search listeners{reactor};

  /// Waits for no program that is being started any more.
  void hurry() {
    watch.hurry();
  }

  /// On the launcher, last: nothing is held or watched any more.
  void release() {
    keeper.stop();
    containment.reset();
  }

  /// When both threads have ended.
  void close() {
    listeners.stop();
  }
};

/// Looks whether a process of the session that process `pid` leads listens
/// where a connection was accepted. On the reactor, as is `done`, which is told
/// nothing if one does.
void check_listener(host& where, std::int64_t pid,
                    const boost::asio::ip::tcp::endpoint& at,
                    const std::function<void(std::optional<failure>)>& done);

} // namespace procession::posix
