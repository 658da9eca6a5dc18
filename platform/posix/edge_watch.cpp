#include "procession/platform/posix/edge_watch.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace procession::posix {

namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 5ms;
constexpr auto longest_pause = 200ms;

} // namespace

edge_watch::edge_watch(loop& reactor, int fd, std::uint32_t events)
  : timer_(reactor.context()), pause_(first_pause) {
  std::error_code ec;
  auto set = at_least_3(unique_fd{::epoll_create1(EPOLL_CLOEXEC)}, ec);
  epoll_event event{};
  event.events = events | EPOLLET;
  if (set && ::epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &event) == 0)
    edges_ = watch(reactor, set);
}

edge_watch::~edge_watch() {
  close(edges_);
}

void edge_watch::wait(std::function<void()> f) {
  if (edges_ == nullptr) {
    timer_.expires_after(
      std::exchange(pause_, std::min(2 * pause_, longest_pause)));
    timer_.async_wait([f = std::move(f)](const boost::system::error_code& ec) {
      if (!ec)
        f();
    });
    return;
  }
  edges_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [edges = edges_,
                      f = std::move(f)](const boost::system::error_code& ec) {
                       if (ec || !edges->is_open())
                         return;
                       // Before `f` looks: what comes afterwards is another
                       // wake-up.
                       epoll_event taken{};
                       ::epoll_wait(edges->native_handle(), &taken, 1, 0);
                       f();
                     });
}

} // namespace procession::posix
