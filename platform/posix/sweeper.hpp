#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/descriptor_reserve.hpp"
#include "procession/platform/posix/sweep.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace procession::posix {

/// Sweeps over /proc on its own thread, one sweep at a time: all requests that
/// come during one are served by the next. From any thread.
class sweeper : public std::enable_shared_from_this<sweeper> {
public:
  /// Takes the result; `complete` is false if a lack of descriptors may have
  /// hidden some processes.
  using callback = std::function<void(sweep_result found, bool complete)>;

  sweeper(loop& reactor, mark_places where);

  /// Creates the thread unless there is one.
  /// @returns the failure to do so (EAGAIN).
  std::error_code start();

  /// Lets the current sweep finish, drops all other requests, and ends the
  /// thread.
  void stop();

  /// Makes one pass. `done` is called on the reactor, unless `stop` was called.
  /// Requests for the same marks are served in the order of the calls.
  void sweep(sweep_target target, callback done);

  /// Kills, see `posix::hunt`.
  void hunt(sweep_target target, callback done);

private:
  struct job {
    sweep_target target;
    bool hunting = false;
    callback done;
  };

  using jobs = std::vector<job>;

  void add(job x);
  /// Starts the next jobs. With the mutex locked.
  void advance();
  /// On the thread.
  void run(jobs now);
  void run_some(jobs& all, bool hunting);

  loop& reactor_;
  mark_places where_;
  /// Used by the thread.
  descriptor_reserve reserve_;
  /// Guards the members below.
  std::mutex mutex_;
  std::unique_ptr<loop> thread_;
  jobs waiting_;
  bool running_ = false;
};

} // namespace procession::posix
