#pragma once

#include "procession/platform/common/runner_port.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace procession {

/// The runners of one node, one after the other: when one is lost, or could not
/// be started, the next session starts another (`runner_options::restart`).
/// There is never more than one: a session that comes while a runner ends waits
/// for the next one. Everything but `make` and `work` happens on the
/// executor's thread.
class runner_succession
  : public std::enable_shared_from_this<runner_succession> {
public:
  using connection_ptr = std::shared_ptr<runner_connection>;

  /// A runner that was up for so long has not failed when it is lost.
  static constexpr auto proven = std::chrono::seconds{10};

  /// How many may fail in a row before there are pauses in which no other is
  /// started. The first pause is that long, each one twice as long as the one
  /// before, up to the longest.
  static constexpr std::uint32_t free_failures = 3;
  static constexpr auto first_pause = std::chrono::seconds{1};
  static constexpr auto longest_pause = std::chrono::seconds{30};

  struct change {
    runner_info now;
    /// It is down, and no other follows.
    bool over = false;
    /// Also, no spawner or node is left to use a runner: this is the last news.
    bool last = false;
  };

  /// Called with each change, on the executor's thread.
  using observer = std::function<void(const change&)>;

  static std::shared_ptr<runner_succession>
  make(std::shared_ptr<runner_port> port, runner_options options);

  const std::shared_ptr<executor>& work() const noexcept {
    return work_;
  }

  /// Starts the first one.
  void start(observer tell);

  /// The runner that the next session goes to: another one if the last was
  /// lost. One that is down fails each session with why.
  connection_ptr next();

  /// Ends the runner; no other follows.
  void stop();

  /// Ends the runner after its last session, as nobody needs it any more.
  void release();

  /// Tells the observer how things are.
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
  /// The last one, and its number from 1. Not started as long as the one before
  /// it is not down.
  connection_ptr connection_;
  std::uint64_t number_ = 0;
  std::string nonce_;
  connection_ptr predecessor_;
  bool stopped_ = false;
  bool released_ = false;
  /// How far the last one has come.
  enum class course { not_up, up, ended };
  course at_ = course::not_up;
  runner_info info_;
  /// When it was up.
  time_point up_since_;
  /// How many in a row failed, and when the last one of them did.
  std::uint32_t failures_ = 0;
  time_point failed_;
};

} // namespace procession
