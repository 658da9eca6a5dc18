#pragma once

#include "procession/platform/posix/cgroup_changes.hpp"
#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/descriptor_reserve.hpp"
#include "procession/platform/posix/fd.hpp"

#include <mutex>
#include <string>
#include <system_error>
#include <vector>

namespace procession::posix {

/// Opens a cgroup for longer, hence not below 3, where a host that closed its
/// standard streams would have it among them.
unique_fd open_lasting(int parent, const char* name, std::error_code& ec);

/// The cgroup of a tree, with those of its files that are open.
struct tree_cgroup {
  std::string name;
  unique_fd directory;
  unique_fd events;
  /// Number of a watch for changes, or -1.
  int watch = -1;
};

/// The cgroup in which the trees' cgroups are. Whoever works below it holds
/// it; it goes with the last one.
class cgroup_base {
public:
  cgroup_base(unique_fd parent, cgroup_place place, std::string name);
  cgroup_base(const cgroup_base&) = delete;
  cgroup_base& operator=(const cgroup_base&) = delete;
  /// Removes it. If it is busy still, it is the keeper's.
  ~cgroup_base();

  /// Where it is, or will be.
  const cgroup_place& place() const noexcept {
    return place_;
  }

  /// -1 as long as it is not made: a host that is killed before it has a keeper
  /// leaves nothing.
  int directory() const noexcept {
    return directory_.get();
  }

  /// Makes and opens it.
  std::error_code make();

  void remove();

  /// Watches a cgroup that was just made below, so that it may be kept.
  void watch(tree_cgroup& x);

  /// Takes an empty cgroup from those that were kept; one without a name if
  /// there is none. From any thread.
  tree_cgroup reuse();

  /// Keeps a cgroup for the next tree if it is as good as new (no process is in
  /// it, and nobody changed a setting), and there is use for it. Making and
  /// removing one costs the kernel more than a spawn has to spare, most of it
  /// in the background where it is in the spawn's way.
  bool keep(tree_cgroup& x);

  /// For the reactor.
  descriptor_reserve& reserve() noexcept {
    return reserve_;
  }

private:
  unique_fd parent_;
  cgroup_place place_;
  std::string name_;
  unique_fd directory_;
  descriptor_reserve reserve_;
  cgroup_changes changes_;
  std::mutex mutex_;
  std::vector<tree_cgroup> kept_;
};

} // namespace procession::posix
