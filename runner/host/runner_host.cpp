#include "procession/runner/host/runner_host.hpp"

#include "procession/runner/channel/protocol.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

using protocol::malformed;
using protocol::untimely;

/// How long a refused parent may take to read the reason.
constexpr auto parting_time = std::chrono::seconds{2};

} // namespace

runner_host::runner_host(std::shared_ptr<executor> work,
                         std::shared_ptr<child_factory> children,
                         runner_host_options options, observer ended)
  : work_(std::move(work)), children_(std::move(children)),
    options_(std::move(options)), ended_(std::move(ended)),
    self_(std::make_shared<runner_host*>(this)) {
  // nop
}

runner_host::~runner_host() = default;

void runner_host::start(std::shared_ptr<duplex> stream) {
  phase_ = phase::greeting;
  channel_ = std::make_unique<framed_channel>(
    std::move(stream), *this,
    // A parent may be stopped for any length of time.
    liveness{std::chrono::hours{24 * 366}, std::chrono::hours{24 * 366}});
  channel_->start(work_->now());
  auto& ours = options_.identity;
  send(
    frame_type::hello, 0,
    protocol::hello{.nonce = ours.nonce, .pid = ours.pid, .user = ours.user});
  timer_ = work_->make_timer([this] {
    if (phase_ == phase::greeting)
      end(
        {errc::deadline_passed, {stage::hello, 0, "the parent sent no hello"}});
  });
  timer_->set(work_->now() + options_.hello_timeout);
}

template <class Body>
void runner_host::send(frame_type type, std::uint64_t number,
                       const Body& body) {
  channel_->send(type, number, protocol::encode(body));
}

// -- the channel --------------------------------------------------------------

void runner_host::on_end(const failure& why) {
  if (why.code == errc::protocol_violation)
    refuse(why);
  else
    end(why);
}

void runner_host::on_broken(const failure& why) {
  end(why);
}

void runner_host::on_frame(frame& x) {
  auto& head = x.header();
  if (head.type == frame_type::goodbye)
    return end(
      {errc::runner_lost, {stage::channel, 0, "the parent said goodbye"}});
  if (phase_ == phase::greeting)
    return on_hello(x);
  protocol_error wrong = nullptr;
  if (head.type == frame_type::spawn) {
    wrong = on_spawn(x);
  } else if (auto i = sessions_.find(head.session); i != sessions_.end()) {
    if (head.type == frame_type::abandon) {
      // Its tree is ended in the background.
      sessions_.erase(i);
      channel_->drop(head.session);
      send(frame_type::closed, head.session, protocol::closed{});
    } else {
      wrong = on_session_frame(i->second, x);
    }
  } else if (head.session == 0 || head.session > last_number_) {
    wrong = "is for a session that was not started";
  }
  // Otherwise the frame has crossed the end of its session.
  if (wrong != nullptr)
    refuse(protocol::breach(head, "parent", wrong));
}

void runner_host::on_hello(const frame& x) {
  auto greeting = protocol::read_hello(x, "parent");
  if (!greeting)
    return refuse(greeting.error());
  auto& nonce = options_.identity.nonce;
  if (!nonce.empty() && greeting->nonce != nonce)
    return refuse(
      {errc::protocol_violation,
       {stage::hello, 0,
        "the parent does not know what we were told at our start"}});
  phase_ = phase::up;
}

runner_host::protocol_error runner_host::on_spawn(const frame& x) {
  auto number = x.header().session;
  auto body = protocol::decode<protocol::spawn>(x.body());
  if (!body)
    return malformed;
  if (number <= last_number_)
    return "has a number that was used";
  last_number_ = number;
  if (sessions_.size() >= options_.max_sessions) {
    send(frame_type::spawn_failed, number,
         protocol::failed{{errc::session_limit,
                           {stage::admit, 0,
                            "as many sessions live in the runner "
                            "as it allows"}}});
    return nullptr;
  }
  auto& made = sessions_[number];
  made.child = children_->make_child();
  // The child reports on its own threads.
  auto sink = [work = work_, weak = std::weak_ptr{self_},
               number](child_event event) {
    work->post([weak, number, event = std::move(event)]() mutable {
      if (auto self = weak.lock())
        (*self)->on_event(number, event);
    });
  };
  made.child->start(std::move(body->spec), body->credit, std::move(sink));
  return nullptr;
}

runner_host::protocol_error runner_host::on_session_frame(hosted& to,
                                                          frame& x) {
  if (to.at == hosted::state::starting)
    return untimely;
  using protocol::with_body;
  auto exited = to.at == hosted::state::exited;
  switch (x.header().type) {
    case frame_type::input: {
      auto n = x.body().size();
      if (n == 0 || n > max_data_body)
        return malformed;
      if (exited)
        return nullptr;
      if (to.input + n > protocol::input_window)
        return "exceeds its window";
      to.input += n;
      to.child->write(x.take_body(input_tail_));
      return nullptr;
    }
    case frame_type::close_input:
      to.child->close_stdin();
      break;
    case frame_type::resize:
      return with_body<protocol::resize>(x, [&](auto& body) {
        to.child->resize(body.request, body.size);
      });
    case frame_type::signal:
      return with_body<protocol::signal>(x, [&](auto& body) {
        to.child->signal(body.request, body.name);
      });
    case frame_type::output_credit:
      return with_body<protocol::credit>(x, [&](auto& body) {
        to.child->grant(body.bytes);
      });
    case frame_type::terminate:
      return with_body<protocol::terminate>(x, [&](auto& body) {
        to.child->terminate(body.by);
      });
    case frame_type::kill:
      to.child->kill();
      break;
    case frame_type::finish:
      if (!exited)
        return untimely;
      to.child->finish();
      break;
    default:
      return "is not one that a parent sends";
  }
  // The types that reach this line carry nothing.
  return x.body().empty() ? nullptr : malformed;
}

// -- the children -------------------------------------------------------------

void runner_host::on_event(std::uint64_t number, child_event& x) {
  auto i = sessions_.find(number);
  if (i == sessions_.end() || phase_ != phase::up)
    return;
  std::visit([&](auto& y) { on(number, i->second, y); }, x);
}

void runner_host::on(std::uint64_t number, hosted& from, child_started& x) {
  from.at = hosted::state::running;
  send(frame_type::spawned, number, protocol::spawned{x.pid, x.containment});
}

void runner_host::on(std::uint64_t number, hosted&, child_start_failed& x) {
  send(frame_type::spawn_failed, number, protocol::failed{std::move(x.why)});
  sessions_.erase(number);
}

void runner_host::on(std::uint64_t number, hosted&, child_output& x) {
  channel_->send_in_turn(frame_type::output, number, std::move(x.bytes),
                         static_cast<std::uint16_t>(x.stream));
}

void runner_host::on(std::uint64_t number, hosted& from, child_stdin_taken& x) {
  // After the input was broken, no bytes are on their way.
  auto n = std::min(x.bytes, from.input);
  from.input -= n;
  if (n > 0)
    channel_->send_credit(frame_type::input_credit, number, n);
}

void runner_host::on(std::uint64_t number, hosted& from,
                     child_stdin_refused& x) {
  // After the input was broken, no bytes are on their way.
  auto n = std::min(x.bytes, from.input);
  from.input -= n;
  if (n > 0)
    send(frame_type::input_refused, number,
         protocol::input_refused{n, std::move(x.why)});
}

void runner_host::on(std::uint64_t number, hosted& from,
                     child_stdin_broken& x) {
  from.input = 0;
  send(frame_type::input_broken, number, protocol::failed{std::move(x.why)});
}

void runner_host::on(std::uint64_t number, hosted&, child_notified&) {
  channel_->send(frame_type::notified, number, {});
}

void runner_host::on(std::uint64_t number, hosted&, child_stopped& x) {
  send(frame_type::stopped, number, protocol::stopped{x.signal});
}

void runner_host::on(std::uint64_t number, hosted&, child_continued&) {
  channel_->send(frame_type::continued, number, {});
}

void runner_host::on(std::uint64_t number, hosted&, child_answered& x) {
  send(frame_type::answered, number,
       protocol::answered{x.request, x.done, std::move(x.why)});
}

void runner_host::on(std::uint64_t number, hosted& from, child_exited& x) {
  from.at = hosted::state::exited;
  // In turn, like the last two frames: after the output that precedes it.
  channel_->send_in_turn(
    frame_type::exited, number,
    protocol::encode(protocol::exited{x.status, x.drained}));
}

void runner_host::on(std::uint64_t number, hosted&, child_finished& x) {
  sessions_.erase(number);
  channel_->send_in_turn(frame_type::closed, number,
                         protocol::encode(protocol::closed{x.drained, x.rest}));
}

// -- the end ------------------------------------------------------------------

void runner_host::refuse(failure why) {
  if (phase_ == phase::over)
    return;
  sessions_.clear();
  phase_ = phase::over;
  // A parent that does not read is not waited for.
  timer_ = work_->make_timer([this, why] { end(why); });
  timer_->set(work_->now() + parting_time);
  channel_->send_last(frame_type::goodbye,
                      protocol::encode(protocol::goodbye{why}),
                      [work = work_, weak = std::weak_ptr{self_}, why] {
                        work->post([weak, why] {
                          if (auto self = weak.lock())
                            (*self)->end(why);
                        });
                      });
}

void runner_host::end(const failure& why) {
  phase_ = phase::over;
  sessions_.clear();
  channel_->close();
  if (auto f = std::exchange(ended_, nullptr))
    f(why);
}

} // namespace procession
