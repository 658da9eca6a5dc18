#include "procession/platform/posix/marked_end.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace procession::posix {

namespace {

using std::chrono::steady_clock;

/// Retry interval when the kernel offers no notification.
constexpr auto retry_delay = std::chrono::milliseconds{20};

/// The wait for a process that was loading a program.
constexpr auto undecided_delay = std::chrono::milliseconds{5};

} // namespace

marked_end::marked_end(loop& reactor, std::shared_ptr<sweeper> sweeps,
                       sweep_target target)
  : sweeper_(std::move(sweeps)), target_(std::move(target)),
    next_(reactor.context()), timer_(reactor.context()) {
  // nop
}

void marked_end::start(ending how, std::chrono::nanoseconds grace,
                       std::function<void(tree_end)> done) {
  done_ = std::move(done);
  if (how == ending::kill)
    return kill();
  counting_ = how != ending::keep;
  deadline_ = deadline_after(grace);
  // A stopped process does not handle SIGTERM before SIGCONT.
  if (how == ending::ask)
    look({SIGTERM, SIGCONT});
  else
    look();
}

void marked_end::signal(int signo) {
  if (state_ != state::waiting)
    return;
  counting_ = true;
  look({signo, 0});
}

void marked_end::kill() {
  if (state_ != state::waiting)
    return;
  counting_ = true;
  state_ = state::killing;
  deadline_ = steady_clock::now() + kill_deadline;
  look();
}

void marked_end::look(std::array<int, 2> signals) {
  ++turn_;
  boost::system::error_code ec;
  next_.close(ec);
  timer_.cancel();
  target_.signals = signals;
  auto done = [self = shared_from_this(), turn = turn_](sweep_result result,
                                                        bool complete) {
    self->looked(turn, std::move(result), complete);
  };
  if (state_ == state::killing)
    sweeper_->hunt(target_, std::move(done));
  else
    sweeper_->sweep(target_, std::move(done));
}

void marked_end::looked(std::uint64_t turn, sweep_result result,
                        bool complete) {
  if (counting_)
    known_.insert(result.found.begin(), result.found.end());
  // That sweep began before the kill, which has one of its own.
  if (turn != turn_)
    return;
  last_ = std::move(result.found);
  if (last_.empty() && complete) {
    if (!result.undecided || ++undecided_ == max_undecided_sweeps)
      return finish();
    return look_later(undecided_delay * undecided_);
  }
  if (state_ == state::killing && steady_clock::now() >= deadline_)
    return finish();
  leaving_ = last_;
  if (state_ == state::killing) {
    // Processes that we may not kill are not waited for.
    std::erase_if(leaving_, [&](const process_id& x) {
      return std::count(result.refused.begin(), result.refused.end(), x) != 0;
    });
    if (leaving_.empty() && complete)
      return finish();
  }
  if (leaving_.empty())
    return look_later(retry_delay);
  set_timer(deadline_);
  await_leaving();
}

void marked_end::await_leaving() {
  // One at a time, which takes one descriptor.
  while (!leaving_.empty()) {
    std::error_code ec;
    auto pidfd = open_process(leaving_.back(), ec);
    boost::system::error_code refused;
    if (pidfd)
      next_.assign(pidfd.get(), refused);
    if (ec || refused)
      return look_later(retry_delay);
    leaving_.pop_back();
    if (!pidfd)
      continue;
    pidfd.release();
    next_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this(),
                      turn = turn_](const boost::system::error_code& error) {
                       if (error || self->turn_ != turn)
                         return;
                       boost::system::error_code ignored;
                       self->next_.close(ignored);
                       self->await_leaving();
                     });
    return;
  }
  look();
}

void marked_end::look_later(std::chrono::milliseconds delay) {
  set_timer(std::min(deadline_, steady_clock::now() + delay));
}

void marked_end::set_timer(steady_clock::time_point when) {
  if (when == steady_clock::time_point::max())
    return;
  timer_.expires_at(when);
  timer_.async_wait([self = shared_from_this(),
                     turn = turn_](const boost::system::error_code& ec) {
    if (!ec && self->turn_ == turn)
      self->expire();
  });
}

void marked_end::expire() {
  if (state_ == state::waiting && steady_clock::now() >= deadline_)
    kill();
  else if (state_ != state::finished)
    look();
}

void marked_end::finish() {
  tree_end result;
  result.surviving = last_.size();
  for (auto& x : last_)
    known_.erase(x);
  result.ended = known_.size();
  boost::system::error_code ec;
  ++turn_;
  next_.close(ec);
  timer_.cancel();
  state_ = state::finished;
  std::exchange(done_, nullptr)(result);
}

} // namespace procession::posix
