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

/// Opens a cgroup for a long time, hence with a number of 3 or higher: a host
/// that closed its standard streams must not get it as one of them.
unique_fd open_lasting(int parent, const char* name, std::error_code& ec);

/// The cgroup of a tree, with those of its files that are open.
struct tree_cgroup {
  std::string name;
  unique_fd directory;
  unique_fd events;
  /// Number of a watch for changes, or -1.
  int watch = -1;
};

/// The cgroup that holds the trees' cgroups. Each user of it holds a reference;
/// the cgroup goes with the last one.
class cgroup_base {
public:
  cgroup_base(unique_fd parent, cgroup_place place, std::string name);
  cgroup_base(const cgroup_base&) = delete;
  cgroup_base& operator=(const cgroup_base&) = delete;
  /// Removes the cgroup. If it is still busy, the keeper removes it.
  ~cgroup_base();

  /// The place of the cgroup, which may not exist yet.
  const cgroup_place& place() const noexcept {
    return place_;
  }

  /// -1 until it is created: a host that is killed before it has a keeper
  /// leaves nothing behind.
  int directory() const noexcept {
    return directory_.get();
  }

  /// Creates and opens it.
  std::error_code make();

  void remove();

  /// Watches a cgroup that was just created below this one, so that it may be
  /// kept.
  void watch(tree_cgroup& x);

  /// Takes an empty cgroup from the kept ones; returns one without a name if
  /// there is none. From any thread.
  tree_cgroup reuse();

  /// Keeps a cgroup for the next tree if it is as good as new (it has no
  /// process, and no setting was changed), and if there is use for it. To
  /// create and remove one costs the kernel more than a spawn can afford, most
  /// of it in the background, where it delays the spawn.
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
