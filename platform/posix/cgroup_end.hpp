#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/cgroup_base.hpp"
#include "procession/platform/posix/containment.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <set>

namespace procession::posix {

/// Ends every process in the cgroup of a tree, as `tree::end` promises, and
/// removes the cgroup. Keeps itself alive until then. On the reactor.
class cgroup_end : public std::enable_shared_from_this<cgroup_end> {
public:
  cgroup_end(loop& reactor, std::shared_ptr<cgroup_base> base,
             tree_cgroup where);

  void start(pid_t leader, ending how, std::chrono::nanoseconds grace,
             std::function<void(tree_end)> done);

  /// Signals every process that is left.
  void signal(int signo);

  /// Stops waiting and kills.
  void kill();

private:
  enum class state { waiting, killing, finished };

  /// @returns whether the list is complete.
  bool list(std::set<pid_t>& result);
  void send(int signo);
  /// Takes the next step, and decides when to look again.
  void step();
  void kill_again();
  bool watch();
  void await_change();
  void wait_until(std::chrono::steady_clock::time_point when);
  void expire();
  void finish();

  std::shared_ptr<cgroup_base> base_;
  tree_cgroup where_;
  pid_t leader_ = 0;
  state state_ = state::waiting;
  std::function<void(tree_end)> done_;
  /// All processes that were found.
  std::set<pid_t> known_;
  boost::asio::posix::stream_descriptor events_;
  bool awaiting_change_ = false;
  boost::asio::steady_timer timer_;
  /// The end of the grace, then of the killing.
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::milliseconds retry_delay_{20};
};

} // namespace procession::posix
