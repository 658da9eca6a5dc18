#include "procession/runner/parent/remote_session.hpp"

#include "procession/runner/channel/protocol.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

using protocol::malformed;
using protocol::untimely;

/// From the end of a session's last output to nothing left of it.
constexpr auto usual_closing_time = std::chrono::seconds{20};

/// Longer than the platform takes to kill a tree.
constexpr auto tree_kill_time = std::chrono::seconds{8};

} // namespace

// -- frames of the runner -----------------------------------------------------

remote_session::protocol_error remote_session::on_frame(frame& x) {
  switch (x.header().type) {
    case frame_type::spawned:
      return on_spawned(x);
    case frame_type::spawn_failed:
      return on_spawn_failed(x);
    case frame_type::output:
      return on_output(x);
    case frame_type::input_credit:
      return on_input_credit(x);
    case frame_type::input_refused:
      return on_input_refused(x);
    case frame_type::input_broken:
      return on_input_broken(x);
    case frame_type::notified:
      return on_notified(x);
    case frame_type::stopped:
      return on_stopped(x);
    case frame_type::continued:
      return on_continued(x);
    case frame_type::answered:
      return on_answered(x);
    case frame_type::exited:
      return on_exited(x);
    case frame_type::closed:
      return on_closed(x);
    default:
      return "is not one that a runner sends";
  }
}

remote_session::protocol_error remote_session::on_spawned(const frame& x) {
  auto body = protocol::decode<protocol::spawned>(x.body());
  if (!body || body->pid <= 0)
    return malformed;
  if (at_ != state::starting)
    return untimely;
  at_ = state::running;
  tell(child_started{body->pid, body->containment});
  return nullptr;
}

remote_session::protocol_error remote_session::on_spawn_failed(const frame& x) {
  auto body = protocol::decode<protocol::failed>(x.body());
  if (!body)
    return malformed;
  if (at_ != state::starting)
    return untimely;
  close(child_start_failed{std::move(body->why)});
  return nullptr;
}

remote_session::protocol_error remote_session::on_output(frame& x) {
  auto n = x.body().size();
  auto stream = x.header().flags;
  if (n == 0 || n > max_data_body || stream > 1 || (stream == 1 && merged_))
    return malformed;
  if (at_ != state::running && (at_ != state::exited || drained_))
    return untimely;
  if (n > credit_)
    return "exceeds its credit";
  credit_ -= n;
  received_ += n;
  if (sink_)
    tell(child_output{static_cast<stream_kind>(stream),
                      x.take_body(tails_[stream])});
  return nullptr;
}

remote_session::protocol_error remote_session::on_input_credit(const frame& x) {
  auto body = protocol::decode<protocol::credit>(x.body());
  if (!body)
    return malformed;
  if (body->bytes > input_under_way_)
    return "is for more than was sent";
  input_under_way_ -= body->bytes;
  tell(child_stdin_taken{body->bytes});
  pump();
  return nullptr;
}

remote_session::protocol_error
remote_session::on_input_refused(const frame& x) {
  auto body = protocol::decode<protocol::input_refused>(x.body());
  if (!body)
    return malformed;
  if (body->bytes > input_under_way_)
    return "is for more than was sent";
  input_under_way_ -= body->bytes;
  tell(child_stdin_refused{body->bytes, std::move(body->why)});
  pump();
  return nullptr;
}

remote_session::protocol_error remote_session::on_input_broken(const frame& x) {
  auto body = protocol::decode<protocol::failed>(x.body());
  if (!body)
    return malformed;
  if (at_ < state::running || input_state_ == writing::broken)
    return untimely;
  input_state_ = writing::broken;
  input_.clear();
  input_under_way_ = 0;
  owner_->drop(*this);
  tell(child_stdin_broken{std::move(body->why)});
  return nullptr;
}

remote_session::protocol_error remote_session::on_notified(const frame& x) {
  if (!x.body().empty())
    return malformed;
  if (at_ != state::running || !std::exchange(notification_due_, false))
    return untimely;
  tell(child_notified{});
  return nullptr;
}

remote_session::protocol_error remote_session::on_stopped(const frame& x) {
  auto body = protocol::decode<protocol::stopped>(x.body());
  if (!body)
    return malformed;
  if (at_ != state::running || !reports_stops_ || std::exchange(stopped_, true))
    return untimely;
  report_stop(body->signal);
  return nullptr;
}

remote_session::protocol_error remote_session::on_continued(const frame& x) {
  if (!x.body().empty())
    return malformed;
  if (at_ != state::running || !std::exchange(stopped_, false))
    return untimely;
  report_stop(0);
  return nullptr;
}

remote_session::protocol_error remote_session::on_answered(const frame& x) {
  auto body = protocol::decode<protocol::answered>(x.body());
  if (!body)
    return malformed;
  if (asked_.erase(body->request) == 0)
    // Late, maybe; but not to a question that was never put.
    return body->request > last_asked_ ? untimely : nullptr;
  tell(child_answered{body->request, body->done, std::move(body->why)});
  return nullptr;
}

remote_session::protocol_error remote_session::on_exited(const frame& x) {
  auto body = protocol::decode<protocol::exited>(x.body());
  if (!body)
    return malformed;
  if (at_ != state::running)
    return untimely;
  at_ = state::exited;
  drained_ = body->drained;
  input_.clear();
  owner_->drop(*this);
  if (drained_ && !asked_to_end_)
    owner_->expect(deadline::closed, *this);
  tell(child_exited{body->status, body->drained});
  return nullptr;
}

remote_session::protocol_error remote_session::on_closed(const frame& x) {
  auto body = protocol::decode<protocol::closed>(x.body());
  if (!body)
    return malformed;
  // What was abandoned may end at any time.
  if (sink_ && at_ != state::exited)
    return untimely;
  close(child_finished{body->drained || drained_, body->rest});
  return nullptr;
}

// -- as a child ---------------------------------------------------------------

void remote_session::queue(runner_connection& owner, std::uint64_t number,
                           command spec, std::uint64_t credit,
                           child_sink sink) {
  owner_ = &owner;
  number_ = number;
  sink_ = std::move(sink);
  merged_ = spec.stdio.kind != stdio_kind::pipes;
  notification_due_ = spec.notification_fd != 0;
  reports_stops_ = spec.report_stops;
  leftovers_grace_ = spec.kill.leftovers_grace;
  credit_ = credit;
  spec_ = std::move(spec);
  at_ = state::queued;
}

void remote_session::refuse(failure why, const child_sink& sink) {
  at_ = state::over;
  gone_ = true;
  sink(child_start_failed{std::move(why)});
}

void remote_session::spawn() {
  auto body = protocol::encode(protocol::spawn{std::move(spec_), credit_});
  spec_ = {};
  if (body.size() > max_frame_body)
    return close(child_start_failed{
      {errc::argument_list_too_long,
       {stage::spawn, 0, "the command is longer than a frame may be"}}});
  at_ = state::starting;
  owner_->expect(deadline::spawned, *this);
  send(frame_type::spawn, std::move(body));
}

void remote_session::grant(std::uint64_t bytes) {
  if (!runs_or_has_exited())
    return;
  credit_ += bytes;
  owner_->send_credit(*this, bytes);
}

void remote_session::write(shared_bytes bytes) {
  if (at_ != state::running || input_state_ != writing::open || bytes.empty())
    return;
  input_.push_back(std::move(bytes));
  pump();
}

void remote_session::close_stdin() {
  if (at_ != state::running || input_state_ != writing::open)
    return;
  input_state_ = writing::closing;
  pump();
}

void remote_session::pump() {
  if (!owner_->up() || at_ != state::running)
    return;
  while (!input_.empty() && input_under_way_ < protocol::input_window) {
    auto& front = input_.front();
    auto n = std::min<std::uint64_t>(
      {front.size(), max_data_body, protocol::input_window - input_under_way_});
    owner_->send_in_turn(frame_type::input, *this, front.first(n));
    input_under_way_ += n;
    front = front.from(n);
    if (front.empty())
      input_.pop_front();
  }
  if (input_.empty() && input_state_ == writing::closing) {
    input_state_ = writing::closed;
    owner_->send_in_turn(frame_type::close_input, *this, {});
  }
}

template <class Body>
void remote_session::ask(frame_type type, const Body& body) {
  child_answered refused{body.request, false, {}};
  if (at_ != state::running)
    refused.why = {errc::already_exited,
                   {stage::run, 0, "the process has ended"}};
  else if (asked_.size() >= max_asked)
    refused.why = {errc::request_failed,
                   {stage::run, 0, "too many requests wait already"}};
  else {
    asked_.emplace(body.request, owner_->work().now());
    last_asked_ = std::max(last_asked_, body.request);
    owner_->expect(deadline::answered, *this);
    return send(type, protocol::encode(body));
  }
  tell(std::move(refused));
}

void remote_session::resize(std::uint64_t request, terminal_size size) {
  ask(frame_type::resize, protocol::resize{request, size});
}

void remote_session::signal(std::uint64_t request, signal_name name) {
  ask(frame_type::signal, protocol::signal{request, name});
}

void remote_session::terminate(signal_name by) {
  if (!runs_or_has_exited())
    return;
  asked_to_end_ = true;
  send(frame_type::terminate, protocol::encode(protocol::terminate{by}));
}

void remote_session::kill() {
  if (!runs_or_has_exited())
    return;
  received_when_killed_ = received_;
  asked_to_end_ = true;
  owner_->expect(deadline::exited, *this);
  if (at_ == state::exited && drained_)
    owner_->expect(deadline::closed, *this);
  send(frame_type::kill);
}

void remote_session::finish() {
  if (at_ != state::exited)
    return;
  owner_->expect(deadline::closed, *this);
  send(frame_type::finish);
}

void remote_session::abandon() {
  sink_ = nullptr;
  switch (at_) {
    case state::idle:
    case state::over:
      return;
    case state::queued:
      return close(child_finished{});
    default:
      break;
  }
  input_.clear();
  input_state_ = writing::closed;
  if (!owner_->up())
    return;
  owner_->drop(*this);
  owner_->expect(deadline::closed, *this);
  send(frame_type::abandon);
}

void remote_session::send(frame_type type, std::string body) {
  owner_->send(type, *this, std::move(body));
}

void remote_session::tell(child_event event) {
  if (sink_)
    sink_(std::move(event));
}

void remote_session::close(child_event last) {
  at_ = state::over;
  gone_ = true;
  input_.clear();
  auto sink = std::exchange(sink_, nullptr);
  owner_->forget(*this);
  if (sink)
    sink(std::move(last));
}

void remote_session::lose(const failure& why) {
  if (at_ < state::running)
    close(child_start_failed{why});
  else
    close(child_finished{drained_, {}, true});
}

// -- time ---------------------------------------------------------------------

bool remote_session::has_met(deadline what, time_point due,
                             caf::timespan answer_time) const {
  switch (what) {
    case deadline::spawned:
      return at_ != state::starting;
    case deadline::answered:
      return sink_ == nullptr || asked_.empty()
             || asked_.begin()->second + answer_time > due;
    case deadline::exited:
      return at_ >= state::exited;
    case deadline::closed:
      return false;
  }
  return true;
}

caf::timespan remote_session::closing_time() const noexcept {
  // What was asked to end or is to be killed needs no time of its own.
  auto ends_by_itself = sink_ != nullptr && !asked_to_end_;
  return ends_by_itself
           ? std::max<caf::timespan>(usual_closing_time,
                                     leftovers_grace_ + tree_kill_time)
           : usual_closing_time;
}

remote_session::time_point remote_session::give_up_request(failure why) {
  auto request = asked_.begin()->first;
  asked_.erase(asked_.begin());
  auto next = asked_.empty() ? time_point::max() : asked_.begin()->second;
  tell(child_answered{request, false, std::move(why)});
  return next;
}

bool remote_session::waits_once_more() noexcept {
  return received_ > received_when_killed_ && !std::exchange(waited_on_, true);
}

void remote_session::report_stop(std::int32_t signal) {
  if (stops_.changed(signal))
    owner_->report_stops_at(stops_.due(), *this);
}

void remote_session::report_stops(time_point now) {
  if (at_ != state::running)
    return;
  auto news = stops_.take(now);
  if (news.continued)
    tell(child_continued{});
  if (news.stopped != 0)
    tell(child_stopped{news.stopped});
}

} // namespace procession
