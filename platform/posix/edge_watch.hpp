#pragma once

#include "procession/platform/posix/watched_fd.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace procession::posix {

/// Waits until the kernel wakes up those who wait for a descriptor, although
/// that is ready all the time: a wake-up counts, not a state (EPOLLET,
/// epoll(7)). Where no descriptor is left for that, it looks again and again,
/// less and less often. On the reactor.
class edge_watch {
public:
  explicit edge_watch(loop& reactor);
  edge_watch(const edge_watch&) = delete;
  edge_watch& operator=(const edge_watch&) = delete;
  /// Whoever waits is not called any more.
  ~edge_watch();

  /// Watches one descriptor more.
  /// @param fd must stay open for as long as this watch waits.
  /// @param events as for epoll_ctl(2).
  void add(int fd, std::uint32_t events);

  /// Calls `f` after the next wake-up, or after one that nobody waited for.
  /// Without a wake-up it may be called, too: the caller has to look. Only one
  /// may wait at a time.
  void wait(std::function<void()> f);

private:
  /// An epoll instance with the descriptors in it; null if there is none.
  watched_fd edges_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds pause_;
  /// Gone with this object, while what it waits for may be due already.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace procession::posix
