#pragma once

#include "procession/messages/events.hpp"
#include "procession/platform/posix/edge_watch.hpp"
#include "procession/platform/posix/watched_fd.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace procession::posix {

/// Waits for the end of a child by its pidfd, reports its status, and reaps it
/// once its number is no longer needed. On the reactor, unless stated
/// otherwise.
class exit_watch {
public:
  /// Takes the status; its cause is unknown if another part of the program has
  /// reaped the process.
  using handler = std::function<void(const exit_status&)>;

  explicit exit_watch(loop& reactor);

  /// Takes a pidfd. On the launcher, before anything else.
  /// @param inherited_peak see `launched`.
  /// @returns whether the reactor takes it.
  bool open(unique_fd& pidfd, std::uint64_t inherited_peak);

  /// Gives the pidfd back, if it was taken. On the launcher, before `await`.
  void give_back(unique_fd& pidfd);

  /// Calls `f` once, on the reactor, when the process has ended. It is a zombie
  /// then. To be called once, on the launcher.
  /// @param f keeps this object alive.
  void await(handler f);

  /// Whether another part of the program has reaped the process.
  bool lost();

  /// Reaps the process, which has ended, and closes the pidfd.
  void reap();

private:
  void check(const handler& f);

  loop& reactor_;
  std::uint64_t inherited_peak_ = 0;
  watched_fd pidfd_;
  /// While a tracer holds back the process, which has ended.
  std::unique_ptr<edge_watch> held_back_;
};

} // namespace procession::posix
