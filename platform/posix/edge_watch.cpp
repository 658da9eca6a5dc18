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

edge_watch::edge_watch(loop& reactor)
  : timer_(reactor.context()), pause_(first_pause) {
  std::error_code ec;
  if (auto set = at_least_3(unique_fd{::epoll_create1(EPOLL_CLOEXEC)}, ec))
    edges_ = watch(reactor, set);
}

void edge_watch::add(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLET;
  if (edges_ != nullptr
      && ::epoll_ctl(edges_->native_handle(), EPOLL_CTL_ADD, fd, &event) != 0)
    close(edges_);
}

edge_watch::~edge_watch() {
  close(edges_);
}

void edge_watch::wait(std::function<void()> f) {
  auto alive = std::weak_ptr{alive_};
  if (edges_ == nullptr) {
    timer_.expires_after(
      std::exchange(pause_, std::min(2 * pause_, longest_pause)));
    timer_.async_wait(
      [alive, f = std::move(f)](const boost::system::error_code& ec) {
        if (!ec && !alive.expired())
          f();
      });
    return;
  }
  edges_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this, alive,
                      f = std::move(f)](const boost::system::error_code& ec) {
                       if (ec || alive.expired())
                         return;
                       // Before `f` looks: a later change is another wake-up.
                       epoll_event taken{};
                       ::epoll_wait(edges_->native_handle(), &taken, 1, 0);
                       f();
                     });
}

} // namespace procession::posix
