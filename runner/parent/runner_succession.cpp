#include "procession/runner/parent/runner_succession.hpp"

#include <algorithm>
#include <utility>

namespace procession {

runner_succession::runner_succession(std::shared_ptr<runner_port> port,
                                     runner_options options)
  : port_(std::move(port)), work_(port_->work()), options_(std::move(options)) {
  // nop
}

std::shared_ptr<runner_succession>
runner_succession::make(std::shared_ptr<runner_port> port,
                        runner_options options) {
  auto result = std::shared_ptr<runner_succession>{
    new runner_succession{std::move(port), std::move(options)}};
  result->prepare();
  return result;
}

void runner_succession::start(observer tell) {
  tell_ = std::move(tell);
  begin();
}

void runner_succession::prepare() {
  nonce_ = port_->make_nonce();
  ++number_;
  connection_ = runner_connection::make(
    work_, options_, nonce_,
    [weak = weak_from_this(), number = number_](const runner_info& now) {
      if (auto self = weak.lock())
        self->on_change(number, now);
    });
  at_ = course::not_up;
  info_ = {};
}

void runner_succession::begin() {
  if (stopped_ || released_)
    connection_->stop();
  else
    connection_->start(port_->make_process(options_, nonce_));
}

runner_succession::connection_ptr runner_succession::next() {
  if (predecessor_ != nullptr || !connection_->lost() || !may_follow())
    return connection_;
  predecessor_ = std::move(connection_);
  auto down = info_.state == runner_state::down;
  prepare();
  if (down) {
    predecessor_ = nullptr;
    begin();
  }
  return connection_;
}

bool runner_succession::may_follow() const {
  if (!options_.restart || stopped_ || released_)
    return false;
  if (failures_ <= free_failures)
    return true;
  // Twice as long each time, up to the longest pause.
  auto doublings = std::min(failures_ - free_failures - 1, 10u);
  auto pause = std::min<std::chrono::steady_clock::duration>(
    first_pause * (1 << doublings), longest_pause);
  return work_->now() >= failed_ + pause;
}

void runner_succession::stop() {
  stopped_ = true;
  // A runner that is not started yet is stopped when its turn comes.
  if (predecessor_ == nullptr)
    connection_->stop();
  tell();
}

void runner_succession::release() {
  released_ = true;
  if (predecessor_ == nullptr)
    connection_->release();
  tell();
}

void runner_succession::tell() {
  if (!tell_)
    return;
  info_.sessions = connection_->sessions();
  change x{info_};
  x.over = predecessor_ == nullptr && info_.state == runner_state::down
           && (stopped_ || released_ || !options_.restart);
  x.last = x.over && released_;
  tell_(x);
  if (x.last)
    tell_ = nullptr;
}

void runner_succession::on_change(std::uint64_t number,
                                  const runner_info& now) {
  if (number == number_) {
    count(now);
    info_ = now;
    tell();
  } else if (now.state == runner_state::down && predecessor_ != nullptr) {
    predecessor_ = nullptr;
    begin();
  }
}

void runner_succession::count(const runner_info& now) {
  if (now.state == runner_state::up && at_ == course::not_up) {
    at_ = course::up;
    up_since_ = work_->now();
  }
  if (now.state < runner_state::ending || at_ == course::ended)
    return;
  auto has_proven = at_ == course::up && work_->now() >= up_since_ + proven;
  at_ = course::ended;
  failures_ = has_proven ? 0 : failures_ + 1;
  failed_ = work_->now();
}

} // namespace procession
