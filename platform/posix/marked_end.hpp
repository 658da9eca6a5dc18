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

/// Ends what bears the marks of a tree, as `tree::end` promises. Holds itself
/// until then. On the reactor.
class marked_end : public std::enable_shared_from_this<marked_end> {
public:
  /// @param target what to look for; its signals are not used.
  marked_end(loop& reactor, std::shared_ptr<sweeper> sweeps,
             sweep_target target);

  void start(ending how, std::chrono::nanoseconds grace,
             std::function<void(tree_end)> done);

  /// Signals what is left.
  void signal(int signo);

  /// Waits no longer.
  void kill();

private:
  enum class state { waiting, killing, finished };

  /// Sweeps once more, in the way of the state.
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
  /// Of the grace, then of the killing.
  std::chrono::steady_clock::time_point deadline_;
  /// All that were found, those of the last sweep, and those of them that are
  /// waited for.
  std::set<process_id> known_;
  /// Whether those that are found are counted: not while they are kept.
  bool counting_ = true;
  std::vector<process_id> last_;
  std::vector<process_id> leaving_;
  /// Sweeps that found nothing but may have missed something.
  int undecided_ = 0;
  /// Counts the sweeps. What was waited for before the last one has no say.
  std::uint64_t turn_ = 0;
  boost::asio::posix::stream_descriptor next_;
  boost::asio::steady_timer timer_;
};

} // namespace procession::posix
