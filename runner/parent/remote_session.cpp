#include "procession/runner/parent/remote_session.hpp"

#include "procession/io/text/in_ms.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

using protocol::malformed;
using protocol::untimely;

/// From the end of a session's last output to the end of its cleanup.
constexpr auto usual_closing_time = std::chrono::seconds{20};

/// Longer than the platform takes to kill a tree.
constexpr auto tree_kill_time = std::chrono::seconds{8};

} // namespace

// -- frames of the runner -----------------------------------------------------

remote_session::protocol_error remote_session::on_frame(frame& x) {
  using protocol::with_body;
  auto handle = [this](auto& body) { return on(body); };
  switch (x.header().type) {
    case frame_type::spawned:
      return with_body<protocol::spawned>(x, handle);
    case frame_type::spawn_failed:
      return with_body<protocol::failed>(x, [this](auto& body) {
        return on_spawn_failed(body.why);
      });
    case frame_type::output:
      return on_output(x);
    case frame_type::input_credit:
      return with_body<protocol::credit>(x, handle);
    case frame_type::input_refused:
      return with_body<protocol::input_refused>(x, handle);
    case frame_type::input_broken:
      return with_body<protocol::failed>(x, [this](auto& body) {
        return on_input_broken(body.why);
      });
    case frame_type::notified:
      return x.body().empty() ? on_notified() : malformed;
    case frame_type::stopped:
      return with_body<protocol::stopped>(x, handle);
    case frame_type::continued:
      return x.body().empty() ? on_continued() : malformed;
    case frame_type::answered:
      return with_body<protocol::answered>(x, handle);
    case frame_type::exited:
      return with_body<protocol::exited>(x, handle);
    case frame_type::closed:
      return with_body<protocol::closed>(x, handle);
    default:
      return "is not one that a runner sends";
  }
}

remote_session::protocol_error remote_session::on(const protocol::spawned& x) {
  if (at_ != state::starting)
    return untimely;
  at_ = state::running;
  owner_->pending().clear({deadline::spawned, number_});
  tell(child_started{x.pid, x.containment});
  return nullptr;
}

remote_session::protocol_error remote_session::on_spawn_failed(failure& why) {
  if (at_ != state::starting)
    return untimely;
  close(child_start_failed{std::move(why)});
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

remote_session::protocol_error remote_session::on(const protocol::credit& x) {
  return on_input_credit(x.bytes, child_stdin_taken{x.bytes});
}

remote_session::protocol_error remote_session::on(protocol::input_refused& x) {
  return on_input_credit(x.bytes,
                         child_stdin_refused{x.bytes, std::move(x.why)});
}

remote_session::protocol_error
remote_session::on_input_credit(std::uint64_t bytes, child_event news) {
  if (!input_.credit(bytes))
    return "is for more than was sent";
  tell(std::move(news));
  pump();
  return nullptr;
}

remote_session::protocol_error remote_session::on_input_broken(failure& why) {
  if (at_ < state::running || !input_.fail())
    return untimely;
  drop_input();
  tell(child_stdin_broken{std::move(why)});
  return nullptr;
}

remote_session::protocol_error remote_session::on_notified() {
  if (at_ != state::running || !std::exchange(notification_due_, false))
    return untimely;
  tell(child_notified{});
  return nullptr;
}

remote_session::protocol_error remote_session::on(const protocol::stopped& x) {
  if (at_ != state::running || !reports_stops_ || std::exchange(stopped_, true))
    return untimely;
  stops_changed(x.signal);
  return nullptr;
}

remote_session::protocol_error remote_session::on_continued() {
  if (at_ != state::running || !std::exchange(stopped_, false))
    return untimely;
  stops_changed(0);
  return nullptr;
}

remote_session::protocol_error remote_session::on(protocol::answered& x) {
  if (!asked_.of(x.request))
    // A late answer is ignored, but it must belong to a request that was made.
    return x.request > last_asked_ ? untimely : nullptr;
  asked_.clear(x.request);
  tell(child_answered{x.request, x.done, std::move(x.why)});
  return nullptr;
}

remote_session::protocol_error remote_session::on(const protocol::exited& x) {
  if (at_ != state::running)
    return untimely;
  at_ = state::exited;
  drained_ = x.drained;
  drop_input();
  owner_->pending().clear({deadline::exited, number_});
  if (drained_ && !asked_to_end_)
    expect(deadline::closed);
  tell(child_exited{x.status, x.drained});
  return nullptr;
}

remote_session::protocol_error remote_session::on(const protocol::closed& x) {
  // An abandoned session may close at any time.
  if (sink_ && at_ != state::exited)
    return untimely;
  close(child_finished{x.drained || drained_, x.rest});
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
  expect(deadline::spawned);
  send(frame_type::spawn, std::move(body));
}

void remote_session::grant(std::uint64_t bytes) {
  if (!runs_or_has_exited())
    return;
  credit_ += bytes;
  if (auto* channel = owner_->channel())
    channel->send_credit(frame_type::output_credit, number_, bytes);
}

void remote_session::write(shared_bytes bytes) {
  if (at_ != state::running)
    return;
  input_.write(std::move(bytes));
  pump();
}

void remote_session::close_stdin() {
  if (at_ != state::running)
    return;
  input_.close();
  pump();
}

void remote_session::pump() {
  auto* channel = owner_->channel();
  if (channel == nullptr || at_ != state::running)
    return;
  for (auto next = input_.take(); !next.empty(); next = input_.take())
    channel->send_in_turn(frame_type::input, number_, std::move(next));
  if (input_.take_end())
    channel->send_in_turn(frame_type::close_input, number_, {});
}

template <class Body>
void remote_session::ask(frame_type type, const Body& body) {
  auto refuse = [&](errc code, const char* text) {
    tell(child_answered{body.request, false, {code, {stage::run, 0, text}}});
  };
  if (at_ != state::running)
    return refuse(errc::already_exited, "the process has ended");
  if (asked_.size() >= max_asked)
    return refuse(errc::request_failed, "too many requests wait already");
  asked_.set(body.request, owner_->work().now() + time_for(deadline::answered));
  last_asked_ = std::max(last_asked_, body.request);
  expect(deadline::answered);
  send(type, protocol::encode(body));
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
  if (at_ == state::running)
    expect(deadline::exited);
  else if (drained_)
    expect(deadline::closed);
  send(frame_type::kill);
}

void remote_session::finish() {
  if (at_ != state::exited)
    return;
  expect(deadline::closed);
  send(frame_type::finish);
}

void remote_session::abandon() {
  sink_ = nullptr;
  if (at_ == state::idle || at_ == state::over)
    return;
  if (at_ == state::queued)
    return close(child_finished{});
  asked_ = {};
  drop_input();
  expect(deadline::closed);
  send(frame_type::abandon);
}

void remote_session::drop_input() {
  input_.drop();
  if (auto* channel = owner_->channel())
    channel->drop(number_);
}

void remote_session::send(frame_type type, std::string body) {
  if (auto* channel = owner_->channel())
    channel->send(type, number_, std::move(body));
}

void remote_session::tell(child_event event) {
  if (sink_)
    sink_(std::move(event));
}

void remote_session::close(child_event last) {
  at_ = state::over;
  gone_ = true;
  input_.drop();
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

void remote_session::expect(deadline what) {
  owner_->pending().add({what, number_}, owner_->work().now() + time_for(what));
}

caf::timespan remote_session::time_for(deadline what) const noexcept {
  auto& options = owner_->options();
  if (what == deadline::spawned)
    return options.spawn_timeout;
  if (what != deadline::closed)
    return options.kill_timeout;
  // A tree that was asked to end, or is being killed, gets no extra time.
  auto ends_by_itself = sink_ != nullptr && !asked_to_end_;
  return ends_by_itself
           ? std::max<caf::timespan>(usual_closing_time,
                                     leftovers_grace_ + tree_kill_time)
           : usual_closing_time;
}

std::optional<failure> remote_session::on_due(deadline what) {
  auto missed = [&](stage at, const char* how) {
    return failure{errc::runner_lost,
                   {at, 0,
                    "session " + std::to_string(number_) + " was not " + how
                      + " by the runner within " + in_ms(time_for(what))
                      + ", so the runner was killed"}};
  };
  switch (what) {
    case deadline::spawned:
      return missed(stage::spawn, "started");
    case deadline::exited:
      // The exit comes after the output, and the way may be slow; a program
      // that keeps writing must not delay the end more than once.
      if (received_ == received_when_killed_ || std::exchange(waited_on_, true))
        return missed(stage::terminate, "killed");
      expect(what);
      break;
    case deadline::closed:
      return missed(stage::terminate, "closed");
    case deadline::answered:
      give_up_requests();
      break;
    case deadline::stops:
      report_stops();
      break;
    default:
      break;
  }
  return std::nullopt;
}

void remote_session::give_up_requests() {
  // The runner is kept: it may be far away, behind a busy connection.
  while (auto request = asked_.take_due(owner_->work().now()))
    tell(child_answered{*request,
                        false,
                        {errc::deadline_passed,
                         {stage::run, 0,
                          "the runner did not answer within "
                            + in_ms(time_for(deadline::answered))}}});
  if (auto next = asked_.next())
    owner_->pending().add({deadline::answered, number_}, *next);
}

void remote_session::stops_changed(std::int32_t signal) {
  if (!stops_.changed(signal))
    return;
  if (stops_.due() <= owner_->work().now())
    report_stops();
  else
    owner_->pending().add({deadline::stops, number_}, stops_.due());
}

void remote_session::report_stops() {
  if (at_ != state::running)
    return;
  auto news = stops_.take(owner_->work().now());
  if (news.continued)
    tell(child_continued{});
  if (news.stopped != 0)
    tell(child_stopped{news.stopped});
}

} // namespace procession
