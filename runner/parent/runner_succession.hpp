#pragma once

#include "procession/platform/common/runner_port.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace procession {

/// The runners of one node, one after the other: when a runner is lost, or
/// could not be started, the next session starts another
/// (`runner_options::restart`). There is never more than one: while a runner
/// ends, a new session waits for its successor. Everything except `make` and
/// `work` happens on the executor's thread.
class runner_succession
  : public std::enable_shared_from_this<runner_succession> {
public:
  using connection_ptr = std::shared_ptr<runner_connection>;

  /// A runner that was up for this long does not count as failed when it is
  /// lost.
  static constexpr auto proven = std::chrono::seconds{10};

  /// How many runners may fail in a row before pauses delay the next start. The
  /// first pause is `first_pause`, and each one is twice as long as the one
  /// before, up to `longest_pause`.
  static constexpr std::uint32_t free_failures = 3;
  static constexpr auto first_pause = std::chrono::seconds{1};
  static constexpr auto longest_pause = std::chrono::seconds{30};

  struct change {
    runner_info now;
    /// The runner is down, and no other follows.
    bool over = false;
    /// In addition, no spawner or node is left that could use a runner: the
    /// last report.
    bool last = false;
  };

  /// Called after each change, on the executor's thread.
  using observer = std::function<void(const change&)>;

  static std::shared_ptr<runner_succession>
  make(std::shared_ptr<runner_port> port, runner_options options);

  const std::shared_ptr<executor>& work() const noexcept {
    return work_;
  }

  /// Starts the first runner.
  void start(observer tell);

  /// Returns the runner for the next session: a new one if the last was lost. A
  /// connection that is down fails each session with its reason.
  connection_ptr next();

  /// Ends the runner for good.
  void stop();

  /// Ends the runner after its last session, for good.
  void release();

  /// Reports the current state to the observer.
  void tell();

private:
  using time_point = std::chrono::steady_clock::time_point;

  runner_succession(std::shared_ptr<runner_port> port, runner_options options);

  void prepare();
  void begin();
  bool may_follow() const;
  void on_change(std::uint64_t number, const runner_info& now);
  void count(const runner_info& now);

  std::shared_ptr<runner_port> port_;
  std::shared_ptr<executor> work_;
  runner_options options_;
  observer tell_;
  /// The current runner, and its number from 1. It is not started before its
  /// predecessor is down.
  connection_ptr connection_;
  std::uint64_t number_ = 0;
  std::string nonce_;
  connection_ptr predecessor_;
  bool stopped_ = false;
  bool released_ = false;
  /// How far the current runner has come.
  enum class course { not_up, up, ended };
  course at_ = course::not_up;
  runner_info info_;
  /// When it came up.
  time_point up_since_;
  /// How many runners failed in a row, and when the last one did.
  std::uint32_t failures_ = 0;
  time_point failed_;
};

} // namespace procession
