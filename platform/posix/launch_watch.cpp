#include "procession/platform/posix/launch_watch.hpp"

#include "procession/platform/posix/fd.hpp"

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

namespace procession::posix {

namespace {

// Ticks are counted instead of time: a launch must not pay for the time in
// which the host itself was stopped.
constexpr auto tick_length = std::chrono::milliseconds{100};

/// The ticks after which a launch is stuck. The first may come at once if
/// another launch has started the clock. On a busy machine a healthy launch may
/// take some 200 ms.
constexpr auto stuck_ticks = 5;

constexpr auto least_patience = std::chrono::milliseconds{1000};

unique_fd make_clock() {
  std::error_code ec;
  auto result = unique_fd{
    ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (!result)
    ec = last_error();
  result = at_least_3(std::move(result), ec);
  if (ec)
    throw std::system_error{ec,
                            "there is no clock for launches (timerfd_create)"};
  return result;
}

} // namespace

std::chrono::milliseconds
patience_left(std::chrono::steady_clock::time_point asked) {
  auto waited = std::chrono::steady_clock::now() - asked;
  return std::max(least_patience,
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                    launch_patience - waited));
}

launch_watch::launch_watch(loop& reactor, loop& launcher)
  : launcher_(launcher), clock_(reactor.context()) {
  auto fd = make_clock();
  clock_.assign(fd.get());
  fd.release();
  await_tick();
}

void launch_watch::hurry() {
  std::lock_guard guard{mutex_};
  hurried_ = true;
}

void launch_watch::begin(launch_attempt& x) {
  std::lock_guard guard{mutex_};
  attempts_.push_back(&x);
  if (attempts_.size() == 1)
    run_clock(true);
}

void launch_watch::end(launch_attempt& x) {
  std::lock_guard guard{mutex_};
  std::erase(attempts_, &x);
  if (attempts_.empty())
    run_clock(false);
}

void launch_watch::run_clock(bool on) {
  auto interval = timespec{0, on ? std::chrono::nanoseconds{tick_length}.count()
                                 : 0};
  auto times = itimerspec{interval, interval};
  ::timerfd_settime(clock_.native_handle(), 0, &times, nullptr);
}

void launch_watch::await_tick() {
  clock_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& ec) {
                      if (ec)
                        return;
                      tick();
                      await_tick();
                    });
}

void launch_watch::tick() {
  std::uint64_t unread = 0;
  if (::read(clock_.native_handle(), &unread, sizeof(unread)) < 0)
    return;
  std::lock_guard guard{mutex_};
  for (auto* x : attempts_) {
    if (++x->ticks_ < stuck_ticks)
      continue;
    launcher_.relieve(x->thread_);
    auto late = x->ticks_ >= x->max_ticks_;
    auto pidfd = x->pidfd_.load();
    if (x->verdict_ != launch_attempt::verdict::in_time || pidfd < 0
        || !(late || hurried_))
      continue;
    x->verdict_ = late ? launch_attempt::verdict::too_late
                       : launch_attempt::verdict::unwanted;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  }
}

launch_attempt::launch_attempt(launch_watch* watch,
                               std::chrono::milliseconds patience)
  : watch_(watch), max_ticks_(static_cast<int>(patience / tick_length)) {
  if (watch_ != nullptr)
    watch_->begin(*this);
}

launch_attempt::~launch_attempt() {
  end();
}

launch_attempt::verdict launch_attempt::end() {
  if (auto* watch = std::exchange(watch_, nullptr))
    watch->end(*this);
  return verdict_;
}

} // namespace procession::posix
