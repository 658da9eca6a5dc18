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

/// The time after SIGKILL when a process counts as surviving.
inline constexpr auto kill_deadline = std::chrono::seconds{5};

/// The fate of the processes of a tree that outlived its leader. Processes are
/// counted, not threads; the leader is not among them.
struct tree_end {
  /// The processes that were found when or after the end began, and are gone
  /// now.
  std::uint64_t ended = 0;
  /// The processes that were still there `kill_deadline` after SIGKILL: they
  /// sleep uninterruptibly, or are another user's and may not be signalled by
  /// us.
  std::uint64_t surviving = 0;
};

/// How to end the rest of a tree.
enum class ending {
  /// Send SIGTERM, and SIGCONT to stopped processes; wait; then kill.
  ask,
  /// The tree was asked before: wait, then kill.
  wait,
  kill,
  /// Wait without a deadline until it has ended by itself; processes that are
  /// gone by then are not counted. After a signal or a kill, as `wait`.
  keep
};

/// The processes of one session: the leader and all its descendants, in
/// whatever process group or session. Lives on the reactor. Destroying it
/// cancels nothing: an end that has begun is finished in the background, and
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
  /// which its owner signals; SIGKILL may reach that group too. A slow
  /// containment works in the background, and carries out signals and `end` of
  /// one tree in the order of the calls.
  virtual void signal(pid_t leader, int signo) = 0;

  /// Tells `done` which processes are in the tree, including the leader, as far
  /// as they can be found now. `done` is called on the reactor, never from
  /// inside the call.
  virtual void list(pid_t leader, std::function<void(std::vector<pid_t>)> done)
    = 0;

  /// Ends every process of the tree but the leader, which has ended and is not
  /// reaped before `done`; 0 if there never was one. To be called once; after
  /// it `signal` reaches the leader's process group too.
  /// @param grace the time before the rest is killed; the maximum of the type:
  ///        wait until `kill` is called. Not used by `ending::kill`.
  /// @param done is called once, on the reactor, never from inside the call.
  virtual void end(pid_t leader, ending how, std::chrono::nanoseconds grace,
                   std::function<void(tree_end)> done)
    = 0;

  /// After `end`: stops waiting and kills. No effect once `done` was called.
  virtual void kill() = 0;
};

/// Holds all the trees of a runtime.
class containment {
public:
  containment() = default;
  containment(const containment&) = delete;
  containment& operator=(const containment&) = delete;
  /// Removes its files; all trees have ended. If the end of a tree still waits
  /// for a sweep, it is dropped together with its `done`.
  virtual ~containment() = default;

  virtual containment_kind kind() const noexcept = 0;

  /// The arguments by which the keeper ends all trees.
  virtual std::vector<std::string> keeper_args() const = 0;

  /// Creates the place for one more tree. Called on the launcher thread.
  virtual expected<std::unique_ptr<tree>> make_tree() = 0;
};

/// Takes a cgroup where cgroup v2 is mounted and writable, else the marker;
/// `wanted` forces one of the two (`unknown`: no preference). Fails where /proc
/// belongs to another PID namespace: its numbers are not ours.
/// @param reactor the thread of the trees; outlives the containment and the
///        work in the background of its trees.
expected<std::unique_ptr<containment>> make_containment(containment_kind wanted,
                                                        loop& reactor);

/// Creates a containment by cgroups (Linux 5.14: `cgroup.kill`), or fails.
///
/// A process that may write to another cgroup can move there: root can, and the
/// owner of a part of the hierarchy. It also bears the mark of `marks.hpp`, by
/// which the keeper finds and kills it when the host ends. When its session
/// ends, the process is not searched for, as that would take a sweep over /proc
/// each time.
expected<std::unique_ptr<containment>> make_cgroup_containment(loop& reactor);

/// Creates a containment by marks (`marks.hpp`; Linux 5.3: pidfds). Where no
/// resource is free for a mark, a process is not found if neither its own
/// environment nor that of its parent or of a process in its session has the
/// mark. Processes that /proc hides from us (`hidepid`, proc(5)) are not found
/// either.
expected<std::unique_ptr<containment>> make_marker_containment(loop& reactor);

/// The time when `time` from now is over; the end of time if that is farther
/// away.
std::chrono::steady_clock::time_point
deadline_after(std::chrono::nanoseconds time);

/// A failure to contain, with our code for the system's.
failure contain_failure(int os_code, std::string text);

/// Returns random hexadecimal digits, at most 256.
std::string random_digits(std::size_t n);

} // namespace procession::posix
