#pragma once

#include "procession/platform/posix/fd.hpp"

#include <mutex>
#include <set>
#include <string>

namespace procession::posix {

/// Tells whether a cgroup was changed: a write to one of its settings or to
/// `cgroup.kill`, a new cgroup below it, or another owner or mode (inotify(7)).
/// Moving processes does not count. From any thread.
class cgroup_changes {
public:
  /// Watches the cgroup until it is removed.
  /// @returns a number for it; -1 if it cannot be watched.
  int watch(const std::string& path);

  /// Whether it was changed since the watch began, or that is not known.
  bool changed(int watch);

private:
  void read_events();

  std::mutex mutex_;
  unique_fd inotify_;
  std::set<int> changed_;
  /// The last watch; the kernel counts them up.
  int last_ = 0;
  /// Events were lost: up to this watch it is not known what changed.
  int unknown_ = 0;
};

} // namespace procession::posix
