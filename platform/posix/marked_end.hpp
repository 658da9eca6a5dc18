#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/sweeper.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace procession::posix {

/// Ends every process that bears the marks of a tree, as `tree::end` promises.
/// Keeps itself alive until then. On the reactor.
class marked_end : public std::enable_shared_from_this<marked_end> {
public:
  /// @param target the tree; its signals are not used.
  marked_end(loop& reactor, std::shared_ptr<sweeper> sweeps,
             sweep_target target);

  void start(ending how, std::chrono::nanoseconds grace,
             std::function<void(tree_end)> done);

  /// Signals every process that is left.
  void signal(int signo);

  /// Stops waiting and kills.
  void kill();

private:
  enum class state { waiting, killing, finished };

  /// Sweeps again, or hunts when killing.
  void look(std::array<int, 2> signals = {});
  void looked(std::uint64_t turn, sweep_result result, bool complete);
  void await_leaving();
  void look_later(std::chrono::milliseconds delay);
  void set_timer(std::chrono::steady_clock::time_point when);
  void expire();
  void finish();

  std::shared_ptr<sweeper> sweeper_;
  sweep_target target_;
  state state_ = state::waiting;
  std::function<void(tree_end)> done_;
  /// The end of the grace, then of the killing.
  std::chrono::steady_clock::time_point deadline_;
  /// All processes that were found.
  std::set<process_id> known_;
  /// Whether to count them: not while they are kept.
  bool counting_ = true;
  /// The processes of the last sweep, then those of them to wait for.
  std::vector<process_id> last_;
  std::vector<process_id> leaving_;
  /// Sweeps that found nothing but may have missed something.
  int undecided_ = 0;
  /// Counts the sweeps. Waits from before the last one are ignored.
  std::uint64_t turn_ = 0;
  boost::asio::posix::stream_descriptor next_;
  boost::asio::steady_timer timer_;
};

} // namespace procession::posix
