#pragma once

#include "procession/io/chunks.hpp"
#include "procession/io/loop.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/keeper.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace procession::posix {

class process;

/// The processes of a runtime that are not finished. From any thread.
class live_processes {
public:
  void insert(std::shared_ptr<process> x);

  /// Calls what `when_empty` was given after the last one.
  void erase(const std::shared_ptr<process>& x);

  std::vector<std::shared_ptr<process>> all() const;

  /// Calls `f` once there are none, maybe at once; null takes it back.
  void when_empty(std::function<void()> f);

private:
  void check(std::unique_lock<std::mutex> guard);

  mutable std::mutex mutex_;
  std::set<std::shared_ptr<process>> processes_;
  std::function<void()> on_empty_;
};

/// What the processes of one runtime share. Each member says on which of the
/// two threads it is touched.
struct host {
  /// Reads, writes, watches exits.
  loop reactor{"pcn-reactor"};
  /// Spawns; the parent-death signal of every child hangs on this thread.
  loop launcher{"pcn-launcher"};
  /// Reactor.
  chunk_pool pool;
  /// Reactor: for wide pipes, see `process::widen`.
  chunk_pool wide_pool{8, 2 * chunk_pool::block_size};
  /// Reactor: how many pipes are wide.
  int wide_pipes = 0;
  /// Launcher, but `kind` anywhere.
  std::unique_ptr<posix::containment> containment;
  /// Launcher.
  std::optional<posix::keeper> keeper;
  live_processes live;
};

} // namespace procession::posix
