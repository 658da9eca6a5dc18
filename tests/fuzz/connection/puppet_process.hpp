#pragma once

#include "procession/platform/common/runner_port.hpp"

#include <utility>

namespace procession::fuzz {

/// A runner's process that does what the script says, in the order that
/// platform/common/runner_port.hpp promises.
class puppet_process {
public:
  /// What a connection is given: tells of us until it is destroyed.
  std::unique_ptr<runner_process> make();

  void launch();
  void fail_to_launch();
  void connect(const std::shared_ptr<duplex>& stream);
  void say(std::string text);
  void exit();
  void leave();

  /// Does whatever still leads to its end.
  void end();

  bool killed() const noexcept {
    return killed_;
  }

  /// Whether the connection has let go of it.
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
