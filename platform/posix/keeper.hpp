#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/posix/fd.hpp"

#include <optional>
#include <string>
#include <vector>

namespace procession::posix {

/// A small process that outlives a host that is killed, ends every tree, and
/// then itself. It waits for the end of a pipe whose other end only the host
/// has. Owning this object is owning that end.
class keeper {
public:
  /// Starts the process. Called on the launcher thread.
  /// @param args from `containment::keeper_args`.
  static expected<keeper> start(std::vector<std::string> args);

  keeper(keeper&&) noexcept = default;
  /// Swaps: `other` gets this object's keeper and ends it.
  keeper& operator=(keeper&& other) noexcept;
  /// Lets the keeper end, which is immediate when no tree is left, and reaps
  /// it; kills it after 5 s.
  ~keeper();

  /// Whether the keeper still runs; reaps it if not. Does not block.
  bool alive() noexcept;

  pid_t pid() const noexcept {
    return pid_;
  }

  /// Readable when it has ended.
  int pidfd() const noexcept {
    return pidfd_.get();
  }

private:
  keeper(pid_t pid, unique_fd pidfd, unique_fd lifeline) noexcept;

  pid_t pid_ = -1;
  unique_fd pidfd_;
  unique_fd lifeline_;
};

} // namespace procession::posix
