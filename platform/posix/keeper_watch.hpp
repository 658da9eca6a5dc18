#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/messages/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::posix {

/// Ensures that a keeper runs from the first session on: a keeper that ends is
/// replaced at once, whether sessions run or not. On the launcher thread.
class keeper_watch {
public:
  /// @param reactor watches for the keeper's end.
  /// @param launcher starts the next one. Both outlive this object.
  keeper_watch(loop& reactor, loop& launcher);
  keeper_watch(const keeper_watch&) = delete;
  keeper_watch& operator=(const keeper_watch&) = delete;
  /// Like `stop`.
  ~keeper_watch();

  /// Starts a keeper unless one runs.
  /// @param args see `containment::keeper_args`.
  /// @returns the failure to start one. If a replacement fails to start, the
  ///          next call returns that.
  std::optional<failure> ensure(const std::vector<std::string>& args);

  /// Ends the keeper, see `~keeper`, and starts no other.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace procession::posix
