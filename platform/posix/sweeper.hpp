#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/descriptor_reserve.hpp"
#include "procession/platform/posix/sweep.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace procession::posix {

/// Makes sweeps over /proc on a thread of its own, one at a time: what is asked
/// for while one runs is all served by the next. From any thread.
class sweeper : public std::enable_shared_from_this<sweeper> {
public:
  /// What was found; `complete` is false if that may not be all, for want of
  /// descriptors.
  using callback = std::function<void(sweep_result found, bool complete)>;

  sweeper(loop& reactor, mark_places where);

  /// Makes the thread unless there is one.
  /// @returns why there is none (EAGAIN).
  std::error_code start();

  /// Lets the sweep at hand come to its end, drops what was asked for, and ends
  /// the thread.
  void stop();

  /// One pass. `done` is called on the reactor, unless `stop` was called.
  /// What is asked for the same marks is done in the order of the calls.
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
  /// Takes from those that wait. With the lock held.
  void advance();
  /// On the thread.
  void run(jobs now);
  void run_some(jobs& all, bool hunting);

  loop& reactor_;
  mark_places where_;
  /// For the thread.
  descriptor_reserve reserve_;
  /// For what follows.
  std::mutex mutex_;
  std::unique_ptr<loop> thread_;
  jobs waiting_;
  bool running_ = false;
};

} // namespace procession::posix
