#pragma once

#include "procession/platform/posix/watched_fd.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace procession::posix {

/// Waits until the kernel wakes up the waiters of a descriptor that is ready
/// all the time: a wake-up counts, not a state (EPOLLET, epoll(7)). Where no
/// descriptor is left for that, it polls at growing intervals. On the reactor.
class edge_watch {
public:
  explicit edge_watch(loop& reactor);
  edge_watch(const edge_watch&) = delete;
  edge_watch& operator=(const edge_watch&) = delete;
  /// Drops the waiting callback.
  ~edge_watch();

  /// Watches one more descriptor.
  /// @param fd must stay open while this object waits.
  /// @param events as for epoll_ctl(2).
  void add(int fd, std::uint32_t events);

  /// Calls `f` after the next wake-up, or for one that came while no callback
  /// waited. It may also be called without a wake-up, so `f` has to check. One
  /// callback may wait at a time.
  void wait(std::function<void()> f);

private:
  /// An epoll instance with the descriptors in it; null if there is none.
  watched_fd edges_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds pause_;
  /// Expires with this object, when its handlers may already be queued.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace procession::posix
