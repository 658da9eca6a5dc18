#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/messages/expected.hpp"
#include "procession/messages/session.hpp"
#include "procession/platform/posix/fd.hpp"
#include "procession/platform/posix/marks.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace procession::posix {

/// How long after SIGKILL a process counts as surviving.
inline constexpr auto kill_deadline = std::chrono::seconds{5};

/// What became of the processes of a tree that outlived its leader. Processes
/// are counted, not threads; the leader is not among them.
struct tree_end {
  /// How many were found when or after the end began, and are gone now.
  std::uint64_t ended = 0;
  /// How many were still there `kill_deadline` after SIGKILL: they sleep
  /// uninterruptibly, or are another user's and may not be signalled by us.
  std::uint64_t surviving = 0;
};

/// How to end what is left of a tree.
enum class ending {
  /// SIGTERM, and SIGCONT for what is stopped; wait; then kill.
  ask,
  /// It was asked before: wait, then kill.
  wait,
  kill,
  /// Wait until it has ended by itself, without a deadline; what is gone by
  /// then is not counted. After a signal or a kill, as `wait`.
  keep
};

/// The processes of one session: the leader and everything that descends from
/// it, in whatever process group or session. Lives on the reactor. Destroying
/// it takes nothing back: what was begun is finished in the background, and
/// `done` is still called.
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

  /// The limit that marks the tree; its resource is -1 for none.
  virtual marking_limit limit() const noexcept {
    return {};
  }

  /// Signals every process of the tree outside the leader's process group,
  /// which its owner signals itself; with SIGKILL maybe that group too. In the
  /// background where it takes long, signals and `end` of one tree in the order
  /// of the calls.
  virtual void signal(pid_t leader, int signo) = 0;

  /// Tells `done` which processes are in the tree, the leader among them, as
  /// far as they can be found now. On the reactor, not from within.
  virtual void list(pid_t leader, std::function<void(std::vector<pid_t>)> done)
    = 0;

  /// Ends every process of the tree but the leader, which has ended and is not
  /// reaped before `done`; 0 if there never was one. To be called once; after
  /// it `signal` reaches the leader's process group too.
  /// @param grace how long to wait before what is left is killed; the longest
  ///        duration there is: until `kill` is called. Not used by
  ///        `ending::kill`.
  /// @param done is called on the reactor once, not from within.
  virtual void end(pid_t leader, ending how, std::chrono::nanoseconds grace,
                   std::function<void(tree_end)> done)
    = 0;

  /// After `end`: waits no longer, kills. No effect once `done` was called.
  virtual void kill() = 0;
};

/// Holds all the trees of a runtime.
class containment {
public:
  containment() = default;
  containment(const containment&) = delete;
  containment& operator=(const containment&) = delete;
  /// Removes what it made in the file system; all trees have ended. The end of
  /// one that has not is dropped, if it waits for a sweep, with its `done`.
  virtual ~containment() = default;

  virtual containment_kind kind() const noexcept = 0;

  /// What the keeper needs to know to end all trees: its command line.
  virtual std::vector<std::string> keeper_args() const = 0;

  /// Makes the place for one more tree. Called on the launcher thread.
  virtual expected<std::unique_ptr<tree>> make_tree() = 0;
};

/// Takes a cgroup where cgroup v2 is mounted and writable, else the marker;
/// `wanted` forces one of the two (`unknown`: no preference). Refused where
/// /proc is another PID namespace's: its numbers are not ours.
/// @param reactor where trees live and wait; outlives the containment and what
///        its trees still do.
expected<std::unique_ptr<containment>> make_containment(containment_kind wanted,
                                                        loop& reactor);

/// A containment by cgroups (Linux 5.14: `cgroup.kill`); refused where none can
/// be made.
///
/// A process that may write to another cgroup can move there (root can, and who
/// has a part of the hierarchy). It bears the mark of `marks.hpp` too, by which
/// the keeper finds and kills it when the host ends; when its session ends it
/// is not looked for, as that would take a sweep over /proc each time.
expected<std::unique_ptr<containment>> make_cgroup_containment(loop& reactor);

/// A containment by marks (`marks.hpp`; Linux 5.3: pidfds). Where no resource
/// is free for a mark, who has neither the mark in its environment nor one for
/// a parent or in its session who has it is not found. Neither is whoever /proc
/// does not show us (`hidepid`, proc(5)).
expected<std::unique_ptr<containment>> make_marker_containment(loop& reactor);

/// The time so long from now; the end of time if it is farther away.
std::chrono::steady_clock::time_point
deadline_after(std::chrono::nanoseconds time);

/// A failure to contain, with the code that belongs to the system's.
failure contain_failure(int os_code, std::string text);

/// Sixteen random hexadecimal digits.
std::string make_nonce();

} // namespace procession::posix
