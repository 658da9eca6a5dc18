#include "procession/platform/posix/cgroup_end.hpp"

#include "procession/platform/posix/cgroup_directory.hpp"

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

namespace procession::posix {

namespace {

using std::chrono::steady_clock;

constexpr auto max_retry_delay = std::chrono::milliseconds{320};

} // namespace

cgroup_end::cgroup_end(loop& reactor, std::shared_ptr<cgroup_base> base,
                       tree_cgroup where)
  : base_(std::move(base)), where_(std::move(where)),
    events_(reactor.context()), timer_(reactor.context()) {
  // nop
}

void cgroup_end::start(pid_t leader, ending how, std::chrono::nanoseconds grace,
                       std::function<void(tree_end)> done) {
  leader_ = leader;
  done_ = std::move(done);
  deadline_ = deadline_after(grace);
  if (how == ending::kill)
    return kill();
  if (how != ending::keep)
    list(known_);
  // A stopped process does not handle SIGTERM before SIGCONT.
  if (how == ending::ask)
    for (auto signo : {SIGTERM, SIGCONT})
      send(signo);
  step();
}

void cgroup_end::signal(int signo) {
  if (state_ == state::finished)
    return;
  list(known_);
  send(signo);
}

void cgroup_end::kill() {
  if (state_ != state::waiting)
    return;
  state_ = state::killing;
  deadline_ = steady_clock::now() + kill_deadline;
  list(known_);
  kill_again();
  step();
}

bool cgroup_end::list(std::set<pid_t>& result) {
  std::vector<pid_t> pids;
  auto complete = base_->reserve().with([&] {
    pids.clear();
    return list_processes(where_.directory.get(), pids);
  });
  result.insert(pids.begin(), pids.end());
  result.erase(leader_);
  return complete;
}

void cgroup_end::send(int signo) {
  base_->reserve().with([&] {
    return signal_processes(where_.directory.get(), signo,
                            [this](pid_t pid) { return pid != leader_; });
  });
}

void cgroup_end::kill_again() {
  base_->reserve().with(
    [this] { return kill_processes(where_.directory.get()); });
}

void cgroup_end::step() {
  if (state_ == state::finished)
    return;
  auto retry = [this] {
    auto when = steady_clock::now() + retry_delay_;
    retry_delay_ = std::min(2 * retry_delay_, max_retry_delay);
    wait_until(when);
  };
  if (!events_.is_open() && !watch())
    return retry();
  // Waits before it looks, so that no change is missed.
  await_change();
  if (populated(events_.native_handle()))
    return state_ == state::killing ? retry() : wait_until(deadline_);
  if (base_->reserve().with([this] {
        return remove_cgroup(base_->directory(), where_.name.c_str());
      }))
    return finish();
  // A process was moved into it from outside.
  if (state_ == state::waiting)
    return kill();
  retry();
}

bool cgroup_end::watch() {
  auto opened = base_->reserve().with([this] {
    if (!where_.events)
      where_.events = open_cgroup_events(where_.directory.get());
    return static_cast<bool>(where_.events);
  });
  boost::system::error_code ec;
  if (opened)
    events_.assign(where_.events.get(), ec);
  if (!opened || ec)
    return false;
  where_.events.release();
  return true;
}

void cgroup_end::await_change() {
  if (awaiting_change_)
    return;
  awaiting_change_ = true;
  events_.async_wait(
    boost::asio::posix::stream_descriptor::wait_error,
    [self = shared_from_this()](const boost::system::error_code& ec) {
      self->awaiting_change_ = false;
      if (!ec)
        self->step();
    });
}

void cgroup_end::wait_until(steady_clock::time_point when) {
  when = std::min(when, deadline_);
  if (when == steady_clock::time_point::max()) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(when);
  timer_.async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->expire();
    });
}

void cgroup_end::expire() {
  auto over = steady_clock::now() >= deadline_;
  switch (state_) {
    case state::waiting:
      if (over)
        return kill();
      break;
    case state::killing:
      if (over)
        return finish();
      kill_again();
      break;
    case state::finished:
      return;
  }
  step();
}

void cgroup_end::finish() {
  std::set<pid_t> left;
  // If the file cannot be opened any more, the cgroup is gone.
  if (events_.is_open() && populated(events_.native_handle()))
    list(left);
  tree_end result;
  result.surviving = left.size();
  for (auto pid : known_)
    result.ended += left.count(pid) == 0 ? 1 : 0;
  boost::system::error_code ec;
  events_.close(ec);
  timer_.cancel();
  state_ = state::finished;
  boost::asio::post(timer_.get_executor(),
                    [done = std::exchange(done_, nullptr), result] {
                      done(result);
                    });
}

} // namespace procession::posix
