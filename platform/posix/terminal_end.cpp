#include "procession/platform/posix/terminal_end.hpp"

#include "procession/platform/posix/terminal.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace procession::posix {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// The shortest pause between two ends of input: a program may read for ever.
constexpr auto shortest_pause = 5ms;

} // namespace

terminal_end::terminal_end(stream_owner& owner, loop& reactor, int master,
                           unique_fd& slave, char before)
  : owner_(owner), master_(master), slave_(slave), before_(before),
    events_(reactor), pause_over_(reactor.context()), next_(clock::now()),
    pause_(shortest_pause) {
  events_.add(master_, EPOLLOUT);
  watch_slave();
  check();
}

void terminal_end::watch_slave() {
  events_.add(slave_.get(), EPOLLIN | EPOLLOUT);
}

void terminal_end::check() {
  auto input = look_at_input(slave_.get());
  if (input == typed_input::hung_up) {
    if (auto again = open_slave(master_)) {
      slave_ = std::move(again);
      watch_slave();
      input = look_at_input(slave_.get());
    }
  }
  if (input == typed_input::unread)
    return await_event();
  if (clock::now() >= next_) {
    type();
    return await_event();
  }
  pause_over_.expires_at(next_);
  pause_over_.async_wait(
    [this, owner = owner_.keep(),
     alive = std::weak_ptr{alive_}](const boost::system::error_code& ec) {
      if (!ec && !alive.expired())
        check();
    });
}

void terminal_end::type() {
  auto end = end_of_input(master_, before_);
  // There is room, since all was read.
  while (::write(master_, end.text.data(), end.text.size()) < 0
         && errno == EINTR)
    continue;
  if (!end.text.empty())
    before_ = end.text.back();
  pause_ = end.canonical ? shortest_pause : 2 * pause_;
  next_ = clock::now() + pause_;
}

void terminal_end::await_event() {
  events_.wait([this, owner = owner_.keep()] { check(); });
}

} // namespace procession::posix
