#pragma once

#include "procession/io/loop.hpp"
#include "procession/messages/error.hpp"
#include "procession/messages/session.hpp"
#include "procession/platform/posix/fd.hpp"

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace procession::posix {

/// The processes of one session: the leader and everything that descends from
/// it, in whatever process group or session. It only knows what is to be found
/// beyond the leader's own process group, which its owner signals itself.
/// Lives on the reactor. Destroying it takes nothing back: what was begun is
/// finished in the background, and `done` is still called.
class tree {
public:
  tree() = default;
  tree(const tree&) = delete;
  tree& operator=(const tree&) = delete;
  virtual ~tree() = default;

  virtual containment_kind kind() const noexcept = 0;

  /// Directory of the cgroup to clone into; -1 for none.
  virtual int cgroup() const noexcept {
    return -1;
  }

  /// The environment entry (`NAME=value`) that marks the tree; empty for none.
  virtual std::string marker() const {
    return {};
  }

  /// Signals every process of the tree outside the leader's process group;
  /// with SIGKILL maybe that group too. In the background where it takes long,
  /// signals and `end` of one tree in the order of the calls.
  virtual void signal(pid_t leader, int signo) = 0;

  /// Kills every process of the tree but the leader, which has ended and is
  /// not reaped before `done`; 0 if there never was one. In the background.
  /// `done` is called on the reactor once, not from within: with true when
  /// none is left, with false when one could not be killed within 5 s (it
  /// sleeps uninterruptibly, or is another user's; the keeper takes over).
  virtual void end(pid_t leader, std::function<void(bool)> done) = 0;
};

/// Holds all the trees of a runtime.
class containment {
public:
  containment() = default;
  containment(const containment&) = delete;
  containment& operator=(const containment&) = delete;
  /// Removes what it made in the file system; all trees have ended.
  virtual ~containment() = default;

  virtual containment_kind kind() const noexcept = 0;

  /// What the keeper needs to know to end all trees: its command line.
  virtual std::vector<std::string> keeper_args() const = 0;

  /// Makes the place for one more tree. Called on the launcher thread.
  virtual std::variant<std::unique_ptr<tree>, failure> make_tree() = 0;
};

/// Takes a cgroup where cgroup v2 is mounted and writable, else the marker;
/// `wanted` forces one of the two (`unknown`: no preference).
/// @param reactor where trees wait; @param launcher where sweeps run. Both must
///        outlive the containment and what its trees still do.
std::variant<std::unique_ptr<containment>, failure>
make_containment(containment_kind wanted, loop& reactor, loop& launcher);

/// A containment by cgroups (Linux 5.14: `cgroup.kill`); refused where none can
/// be made.
std::variant<std::unique_ptr<containment>, failure>
make_cgroup_containment(loop& reactor);

/// A containment by a mark in the environment (Linux 5.3: pidfds).
std::variant<std::unique_ptr<containment>, failure>
make_marker_containment(loop& reactor, loop& launcher);

/// Sixteen random hexadecimal digits.
std::string make_nonce();

} // namespace procession::posix
