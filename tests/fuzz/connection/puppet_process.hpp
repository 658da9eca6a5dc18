#pragma once

#include "procession/platform/common/runner_port.hpp"

#include <utility>

namespace procession::fuzz {

/// A runner's process that follows the script, in the order that
/// platform/common/runner_port.hpp promises.
class puppet_process {
public:
  /// Creates the process for a connection, which gets our events until that is
  /// destroyed.
  std::unique_ptr<runner_process> make();

  void launch();
  void fail_to_launch();
  void connect(const std::shared_ptr<duplex>& stream);
  void say(std::string text);
  void exit();
  void leave();

  /// Takes all remaining steps to its end.
  void end();

  bool killed() const noexcept {
    return killed_;
  }

  /// Returns whether the connection has released it.
  bool destroyed() const noexcept {
    return destroyed_;
  }

private:
  class handle;

  enum class state { fresh, launched, connected, exited, gone };

  void tell(runner_event x);

  state at_ = state::fresh;
  bool killed_ = false;
  bool destroyed_ = false;
  runner_process::sink sink_;
};

} // namespace procession::fuzz
