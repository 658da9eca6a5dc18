#include "procession/runner/channel/protocol.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <algorithm>
#include <utility>

// What the link does for its sessions.
namespace procession {

using protocol::malformed;
using protocol::untimely;

// -- frames of the runner -----------------------------------------------------

runner_connection::protocol_error
runner_connection::on_session_frame(remote_session& to, frame& x) {
  switch (x.header().type) {
    case frame_type::spawned:
      return on_spawned(to, x);
    case frame_type::spawn_failed:
      return on_spawn_failed(to, x);
    case frame_type::output:
      return on_output(to, x);
    case frame_type::input_credit:
      return on_input_credit(to, x);
    case frame_type::input_refused:
      return on_input_refused(to, x);
    case frame_type::input_broken:
      return on_input_broken(to, x);
    case frame_type::notified:
      return on_notified(to, x);
    case frame_type::stopped:
      return on_stopped(to, x);
    case frame_type::continued:
      return on_continued(to, x);
    case frame_type::answered:
      return on_answered(to, x);
    case frame_type::exited:
      return on_exited(to, x);
    case frame_type::closed:
      return on_closed(to, x);
    default:
      return "is not one that a runner sends";
  }
}

runner_connection::protocol_error
runner_connection::on_spawned(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::spawned>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::starting)
    return untimely;
  to.at = remote_session::state::running;
  tell(to, child_started{body->pid, body->containment});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_spawn_failed(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::failed>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::starting)
    return untimely;
  close(to, child_start_failed{std::move(body->why)});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_output(remote_session& to, frame& x) {
  using state = remote_session::state;
  auto n = x.body().size();
  auto stream = x.header().flags;
  if (n == 0 || n > max_data_body || stream > 1 || (stream == 1 && to.merged))
    return malformed;
  if (to.at != state::running && (to.at != state::exited || to.drained))
    return untimely;
  if (n > to.credit)
    return "exceeds its credit";
  to.credit -= n;
  to.received += n;
  if (to.sink)
    tell(to, child_output{static_cast<stream_kind>(stream),
                          x.take_body(to.tails[stream])});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_input_credit(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::credit>(x.body());
  if (!body)
    return malformed;
  if (body->bytes > to.input_under_way)
    return "is for more than was sent";
  to.input_under_way -= body->bytes;
  tell(to, child_stdin_taken{body->bytes});
  pump(to);
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_input_refused(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::input_refused>(x.body());
  if (!body)
    return malformed;
  if (body->bytes > to.input_under_way)
    return "is for more than was sent";
  to.input_under_way -= body->bytes;
  tell(to, child_stdin_refused{body->bytes, std::move(body->why)});
  pump(to);
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_input_broken(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::failed>(x.body());
  if (!body)
    return malformed;
  if (to.at < remote_session::state::running
      || to.input_state == remote_session::writing::broken)
    return untimely;
  to.input_state = remote_session::writing::broken;
  to.input.clear();
  to.input_under_way = 0;
  channel_->drop(to.number);
  tell(to, child_stdin_broken{std::move(body->why)});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_notified(remote_session& to, const frame& x) {
  if (!x.body().empty())
    return malformed;
  if (to.at != remote_session::state::running
      || !std::exchange(to.notification_due, false))
    return untimely;
  tell(to, child_notified{});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_stopped(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::stopped>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::running || !to.reports_stops
      || std::exchange(to.stopped, true))
    return untimely;
  report_stops_later(to, body->signal);
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_continued(remote_session& to, const frame& x) {
  if (!x.body().empty())
    return malformed;
  if (to.at != remote_session::state::running
      || !std::exchange(to.stopped, false))
    return untimely;
  report_stops_later(to, 0);
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_answered(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::answered>(x.body());
  if (!body)
    return malformed;
  if (to.asked.erase(body->request) == 0)
    // Late, maybe; but not to a question that was never put.
    return body->request > to.last_asked ? untimely : nullptr;
  tell(to, child_answered{body->request, body->done, std::move(body->why)});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_exited(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::exited>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::running)
    return untimely;
  to.at = remote_session::state::exited;
  to.drained = body->drained;
  to.input.clear();
  channel_->drop(to.number);
  if (to.drained && !to.asked_to_end)
    expect(deadline::closed, to);
  tell(to, child_exited{body->status, body->drained});
  return nullptr;
}

runner_connection::protocol_error
runner_connection::on_closed(remote_session& to, const frame& x) {
  auto body = protocol::decode<protocol::closed>(x.body());
  if (!body)
    return malformed;
  // What was abandoned may end at any time.
  if (to.sink && to.at != remote_session::state::exited)
    return untimely;
  close(to, child_finished{body->drained || to.drained, body->rest});
  return nullptr;
}

// -- sessions -----------------------------------------------------------------

void runner_connection::tell(remote_session& x, child_event event) {
  if (x.sink)
    x.sink(std::move(event));
}

void runner_connection::close(remote_session& x, child_event last) {
  x.at = remote_session::state::over;
  x.gone = true;
  x.input.clear();
  if (channel_ != nullptr)
    channel_->drop(x.number);
  auto sink = std::exchange(x.sink, nullptr);
  sessions_.erase(x.number);
  if (released_ && sessions_.empty())
    work_->post([self = shared_from_this()] { self->stop(); });
  if (sink)
    sink(std::move(last));
}

void runner_connection::start_session(const session_ptr& x, command spec,
                                      std::uint64_t credit, child_sink sink) {
  if (phase_ > phase::up) {
    x->at = remote_session::state::over;
    x->gone = true;
    auto why = info_.why;
    if (phase_ < phase::killing)
      why = here("the runner is about to end");
    return sink(child_start_failed{std::move(why)});
  }
  if (spec.stdio.input == stdin_kind::inherit) {
    x->at = remote_session::state::over;
    x->gone = true;
    return sink(child_start_failed{
      {errc::invalid_argument,
       {stage::validate, 0, "a runner's own standard input is its channel"}}});
  }
  x->number = ++last_number_;
  x->sink = std::move(sink);
  x->merged = spec.stdio.kind != stdio_kind::pipes;
  x->notification_due = spec.notification_fd != 0;
  x->reports_stops = spec.report_stops;
  x->leftovers = spec.kill.leftovers_grace;
  x->credit = credit;
  x->spec = std::move(spec);
  x->at = remote_session::state::queued;
  sessions_.emplace(x->number, x);
  if (phase_ == phase::up)
    send_spawn(*x);
}

void runner_connection::send_spawn(remote_session& x) {
  auto body = protocol::encode(protocol::spawn{std::move(x.spec), x.credit});
  x.spec = {};
  if (body.size() > max_frame_body)
    return close(
      x, child_start_failed{
           {errc::argument_list_too_long,
            {stage::spawn, 0, "the command is longer than a frame may be"}}});
  x.at = remote_session::state::starting;
  expect(deadline::spawned, x);
  send(frame_type::spawn, x, std::move(body));
}

void runner_connection::send(frame_type type, const remote_session& x,
                             std::string body) {
  if (phase_ == phase::up)
    channel_->send(type, x.number, std::move(body));
}

void runner_connection::grant(remote_session& x, std::uint64_t bytes) {
  if (x.at != remote_session::state::running
      && x.at != remote_session::state::exited)
    return;
  x.credit += bytes;
  if (phase_ == phase::up)
    channel_->send_credit(frame_type::output_credit, x.number, bytes);
}

void runner_connection::write(remote_session& x, shared_bytes bytes) {
  if (x.at != remote_session::state::running
      || x.input_state != remote_session::writing::open || bytes.empty())
    return;
  x.input.push_back(std::move(bytes));
  pump(x);
}

void runner_connection::close_stdin(remote_session& x) {
  if (x.at != remote_session::state::running
      || x.input_state != remote_session::writing::open)
    return;
  x.input_state = remote_session::writing::closing;
  pump(x);
}

void runner_connection::pump(remote_session& x) {
  if (phase_ != phase::up || x.at != remote_session::state::running)
    return;
  while (!x.input.empty() && x.input_under_way < protocol::input_window) {
    auto& front = x.input.front();
    auto n = std::min<std::uint64_t>(
      {front.size(), max_data_body,
       protocol::input_window - x.input_under_way});
    channel_->send_in_turn(frame_type::input, x.number, front.first(n));
    x.input_under_way += n;
    front = front.from(n);
    if (front.empty())
      x.input.pop_front();
  }
  if (x.input.empty() && x.input_state == remote_session::writing::closing) {
    x.input_state = remote_session::writing::closed;
    channel_->send_in_turn(frame_type::close_input, x.number, {});
  }
}

template <class Body>
void runner_connection::ask(remote_session& x, frame_type type,
                            const Body& body) {
  child_answered refused{body.request, false, {}};
  if (x.at != remote_session::state::running)
    refused.why = {errc::already_exited,
                   {stage::run, 0, "the process has ended"}};
  else if (x.asked.size() >= max_asked)
    refused.why = {errc::request_failed,
                   {stage::run, 0, "too many requests wait already"}};
  else {
    x.asked.emplace(body.request, work_->now());
    x.last_asked = std::max(x.last_asked, body.request);
    expect(deadline::answered, x);
    return send(type, x, protocol::encode(body));
  }
  tell(x, std::move(refused));
}

void runner_connection::resize(remote_session& x, std::uint64_t request,
                               terminal_size size) {
  ask(x, frame_type::resize, protocol::resize{request, size});
}

void runner_connection::signal(remote_session& x, std::uint64_t request,
                               signal_name name) {
  ask(x, frame_type::signal, protocol::signal{request, name});
}

void runner_connection::terminate(remote_session& x, signal_name by) {
  if (x.at != remote_session::state::running
      && x.at != remote_session::state::exited)
    return;
  x.asked_to_end = true;
  send(frame_type::terminate, x, protocol::encode(protocol::terminate{by}));
}

void runner_connection::kill(remote_session& x) {
  if (x.at != remote_session::state::running
      && x.at != remote_session::state::exited)
    return;
  x.received_when_killed = x.received;
  x.asked_to_end = true;
  expect(deadline::exited, x);
  if (x.at == remote_session::state::exited && x.drained)
    expect(deadline::closed, x);
  send(frame_type::kill, x);
}

void runner_connection::finish(remote_session& x) {
  if (x.at != remote_session::state::exited)
    return;
  expect(deadline::closed, x);
  send(frame_type::finish, x);
}

void runner_connection::abandon(remote_session& x) {
  x.sink = nullptr;
  switch (x.at) {
    case remote_session::state::idle:
    case remote_session::state::over:
      return;
    case remote_session::state::queued:
      return close(x, child_finished{});
    default:
      break;
  }
  x.input.clear();
  x.input_state = remote_session::writing::closed;
  if (phase_ != phase::up)
    return;
  channel_->drop(x.number);
  expect(deadline::closed, x);
  send(frame_type::abandon, x);
}

} // namespace procession
