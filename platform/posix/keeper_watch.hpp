#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/messages/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::posix {

/// Sees to it that there is a keeper from the first session on: one that ends
/// is replaced at once, whether sessions run or not. On the launcher thread.
class keeper_watch {
public:
  /// @param reactor where the keeper's end is noticed; @param launcher where
  ///        the next one is started. Both outlive this object.
  keeper_watch(loop& reactor, loop& launcher);
  keeper_watch(const keeper_watch&) = delete;
  keeper_watch& operator=(const keeper_watch&) = delete;
  /// Like `stop`.
  ~keeper_watch();

  /// Starts a keeper unless there is one.
  /// @param args what it is to end, see `containment::keeper_args`.
  /// @returns why there is none. If that happens when one is to be replaced,
  ///          the next call returns the error.
  std::optional<failure> ensure(const std::vector<std::string>& args);

  /// Ends the keeper, see `~keeper`, and starts none any more.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace procession::posix
