#include "procession/runner/parent/runner_connection.hpp"

#include "procession/io/text/in_ms.hpp"
#include "procession/io/text/printable.hpp"
#include "procession/runner/channel/protocol.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

using std::chrono::seconds;

/// Time between the end of a runner's process and that of its channel, and from
/// our goodbye to the end of the process.
constexpr auto other_half = seconds{1};
constexpr auto leaving_time = seconds{5};

/// Longer than the platform takes to kill a tree.
constexpr auto killing_time = seconds{8};

/// How many bytes of a runner's error output an error quotes.
constexpr std::size_t max_log = 2048;

/// Returns several lines as one.
std::string in_quotes(std::string log) {
  // Including the line ends of a terminal.
  log.erase(log.find_last_not_of("\r\n") + 1);
  std::replace(log.begin(), log.end(), '\n', '|');
  return '"' + printable(log) + '"';
}

} // namespace

runner_connection::runner_connection(std::shared_ptr<executor> work,
                                     runner_options options, std::string nonce,
                                     observer tell)
  : work_(std::move(work)), options_(std::move(options)),
    nonce_(std::move(nonce)), tell_(std::move(tell)),
    pending_(*work_, [this](const auto& x) { on_due(x); }) {
  // nop
}

std::shared_ptr<runner_connection>
runner_connection::make(std::shared_ptr<executor> work, runner_options options,
                        std::string nonce, observer tell) {
  auto to_its_thread = [work](runner_connection* x) {
    work->post([last = std::shared_ptr<runner_connection>{x}] {});
  };
  return {new runner_connection{work, std::move(options), std::move(nonce),
                                std::move(tell)},
          to_its_thread};
}

runner_connection::~runner_connection() = default;

void runner_connection::tell() {
  info_.sessions = sessions_.size();
  if (tell_)
    tell_(info_);
}

void runner_connection::release() {
  released_ = true;
  // The sessions of a spawner that is gone are being killed; the runner stops
  // after the last one.
  if (phase_ != phase::up || sessions_.empty())
    stop();
}

bool runner_connection::greeted() const noexcept {
  return info_.remote_pid != 0;
}

// -- time ---------------------------------------------------------------------

void runner_connection::enter(phase next, caf::timespan within) {
  static constexpr runner_state states[] = {
    runner_state::launching, runner_state::connecting, runner_state::greeting,
    runner_state::up,        runner_state::ending,     runner_state::ending,
    runner_state::ending,    runner_state::down};
  phase_ = next;
  info_.state = states[static_cast<int>(next)];
  pending_.clear({deadline::phase});
  if (within > caf::timespan::zero())
    pending_.add({deadline::phase}, work_->now() + within);
  tell();
}

void runner_connection::on_due(const connection_deadlines::deadline& x) {
  if (x.what == deadline::phase)
    return on_phase_due();
  if (x.what == deadline::silence)
    return check_signs_of_life();
  auto session = sessions_.at(x.session);
  if (auto why = session->on_due(x.what))
    lose(std::move(*why));
}

void runner_connection::check_signs_of_life() {
  if (phase_ == phase::up)
    channel_->tick(work_->now());
  if (phase_ == phase::up)
    pending_.add({deadline::silence}, channel_->next_tick());
}

caf::timespan runner_connection::hello_time() const {
  // A command-line runner may be remote: its hello also gets the connect time.
  return options_.command.empty()
           ? options_.hello_timeout
           : options_.connect_timeout + options_.hello_timeout;
}

void runner_connection::on_phase_due() {
  switch (phase_) {
    case phase::launching:
      return lose(here("the runner was not started within "
                       + in_ms(options_.launch_timeout)));
    case phase::connecting:
      return lose(here("the runner did not connect within "
                       + in_ms(options_.connect_timeout)));
    case phase::greeting:
      // The command may start any program, even one that waits for us to speak.
      return lose(here("the runner sent no hello within " + in_ms(hello_time())
                       + (options_.command.empty()
                            ? ""
                            : "; its command must start procession-runner "
                              "--stdio")));
    case phase::leaving:
      return lose(here("the runner was stopped, and did not end by itself"));
    case phase::half_ended:
      if (exit_)
        return lose(here("the runner ended: " + to_string(*exit_)));
      return lose(channel_end_ ? *channel_end_ : here("the runner is gone"));
    case phase::killing:
      // The kernel keeps the process, or it has become another user's and we
      // may not kill it (kill(2), EPERM).
      info_.why.detail.text += "; process " + std::to_string(info_.pid)
                               + " does not end";
      return down();
    case phase::up:
    case phase::down:
      return;
  }
}

// -- the runner's process -----------------------------------------------------

void runner_connection::start(std::unique_ptr<runner_process> process) {
  self_ = shared_from_this();
  process_ = std::move(process);
  enter(phase::launching, options_.launch_timeout);
  process_->start([weak = weak_from_this()](runner_event x) {
    if (auto self = weak.lock())
      std::visit([&](auto& y) { self->on(y); }, x);
  });
}

void runner_connection::on(runner_launched& x) {
  info_.pid = x.pid;
  if (phase_ != phase::launching)
    return;
  stage_ = stage::connect;
  enter(phase::connecting, options_.connect_timeout);
}

void runner_connection::on(runner_connected& x) {
  if (phase_ != phase::connecting)
    return;
  stage_ = stage::hello;
  enter(phase::greeting, hello_time());
  channel_ = std::make_unique<framed_channel>(std::move(x.stream), *this,
                                              liveness{options_.ping_interval,
                                                       options_.pong_timeout});
  channel_->start(work_->now());
}

void runner_connection::on(runner_connect_failed& x) {
  lose(std::move(x.why));
}

void runner_connection::on(runner_launch_failed& x) {
  auto why = std::move(x.why);
  why.detail.text = "the runner was not started: " + why.detail.text;
  if (phase_ < phase::killing)
    info_.why = std::move(why);
  down();
}

void runner_connection::on(runner_said& x) {
  log_ += x.text;
  if (log_.size() > max_log)
    log_.erase(0, log_.size() - max_log);
}

void runner_connection::on(runner_exited& x) {
  exit_ = x.status;
  half_ended();
}

void runner_connection::on(runner_gone&) {
  // Not from inside its own call.
  work_->post([last = std::shared_ptr<runner_process>{std::move(process_)}] {});
  if (phase_ == phase::killing)
    down();
  else
    // Bytes that it sent may still arrive.
    half_ended();
}

// -- the channel --------------------------------------------------------------

void runner_connection::on_end(const failure& why) {
  // A violation matters more than an end.
  if (why.code == errc::protocol_violation) {
    auto breach = why;
    breach.detail.at = stage_;
    return lose(std::move(breach));
  }
  // Nothing more can be expected from a silent runner.
  if (why.code == errc::deadline_passed)
    return lose(here(why.detail.text));
  on_broken(why);
}

void runner_connection::on_broken(const failure& why) {
  channel_end_ = why;
  half_ended();
}

void runner_connection::on_frame(frame& x) {
  auto& head = x.header();
  if (head.type == frame_type::goodbye) {
    auto said = protocol::decode<protocol::goodbye>(x.body());
    auto why = here("the runner said goodbye");
    if (said && said->why.code == errc::protocol_violation)
      why.code = said->why.code;
    if (said)
      why.detail.text += ": " + to_string(said->why);
    return lose(std::move(why));
  }
  if (!greeted())
    return on_hello(x);
  auto wrong = "is for a session that it was not given";
  if (auto i = sessions_.find(head.session); i != sessions_.end()) {
    auto session = i->second;
    wrong = session->on_frame(x);
  }
  if (wrong != nullptr)
    lose(protocol::breach(head, "runner", wrong));
}

void runner_connection::on_hello(const frame& x) {
  auto refuse = [&](const char* text) {
    lose({errc::protocol_violation, {stage::hello, 0, text}});
  };
  auto greeting = protocol::read_hello(x, "runner");
  if (!greeting)
    return lose(greeting.error());
  if (greeting->pid <= 0)
    return refuse("the runner did not begin with a hello");
  // Not every command passes an environment on; the stream it opened identifies
  // the runner then.
  auto unknowing = !options_.command.empty() && greeting->nonce.empty();
  if (greeting->nonce != nonce_ && !unknowing)
    return refuse("the runner does not know what it was told at its start");
  info_.remote_pid = greeting->pid;
  info_.user = std::move(greeting->user);
  protocol::hello ours;
  ours.nonce = nonce_;
  channel_->send(frame_type::hello, 0, protocol::encode(ours));
  if (phase_ != phase::greeting)
    return;
  stage_ = stage::channel;
  enter(phase::up);
  pending_.add({deadline::silence}, channel_->next_tick());
  // A copy: a session that cannot be started is removed at once.
  auto waiting = sessions_;
  for (auto& [number, session] : waiting)
    session->spawn();
}

// -- the end ------------------------------------------------------------------

failure runner_connection::here(std::string text) const {
  auto code = greeted() ? errc::runner_lost : errc::runner_failed;
  return {code, {stage_, 0, std::move(text)}};
}

void runner_connection::half_ended() {
  if (phase_ >= phase::killing)
    return;
  if (exit_ && (channel_end_ || channel_ == nullptr))
    return lose(here("the runner ended: " + to_string(*exit_)));
  if (phase_ != phase::leaving)
    enter(phase::half_ended, other_half);
}

void runner_connection::stop() {
  switch (phase_) {
    case phase::up: {
      enter(phase::leaving, leaving_time);
      auto why = failure{errc::runner_lost,
                         {stage::channel, 0, "the runner was stopped"}};
      channel_->send_last(frame_type::goodbye,
                          protocol::encode(protocol::goodbye{why}),
                          [weak = weak_from_this(), why] {
                            if (auto self = weak.lock())
                              self->on_broken(why);
                          });
      return;
    }
    case phase::launching:
    case phase::connecting:
    case phase::greeting:
    case phase::half_ended:
      return lose(here("the runner was stopped"));
    case phase::leaving:
    case phase::killing:
    case phase::down:
      return;
  }
}

void runner_connection::lose(failure why) {
  if (phase_ >= phase::killing)
    return;
  if (phase_ == phase::leaving)
    why.detail.text = "the runner was stopped";
  else if (!log_.empty())
    why.detail.text += "; it said: " + in_quotes(log_);
  // The peer may be buggy, not hostile: say what was wrong before closing.
  if (channel_ != nullptr && why.code == errc::protocol_violation)
    channel_->send(frame_type::goodbye, 0,
                   protocol::encode(protocol::goodbye{why}));
  info_.why = std::move(why);
  if (channel_ != nullptr)
    channel_->close();
  if (process_ == nullptr)
    return down();
  enter(phase::killing, killing_time);
  process_->kill();
}

void runner_connection::down() {
  if (phase_ == phase::down)
    return;
  if (channel_ != nullptr)
    channel_->close();
  // Not from inside their own calls.
  work_->post([process = std::shared_ptr<runner_process>{std::move(process_)},
               channel = std::shared_ptr<framed_channel>{std::move(channel_)},
               timer = std::shared_ptr<timer>{pending_.stop()},
               self = std::move(self_)] {});
  auto lost = std::exchange(sessions_, {});
  enter(phase::down);
  for (auto& [number, session] : lost)
    session->lose(info_.why);
}

// -- for its sessions ---------------------------------------------------------

void runner_connection::start_session(const session_ptr& x, command spec,
                                      std::uint64_t credit, child_sink sink) {
  if (phase_ > phase::up) {
    auto why = info_.why;
    if (phase_ < phase::killing)
      why = here("the runner is about to end");
    return x->refuse(std::move(why), sink);
  }
  if (spec.stdio.input == stdin_kind::inherit)
    return x->refuse(
      {errc::invalid_argument,
       {stage::validate, 0, "a runner's own standard input is its channel"}},
      sink);
  auto number = ++last_number_;
  x->queue(*this, number, std::move(spec), credit, std::move(sink));
  sessions_.emplace(number, x);
  if (phase_ == phase::up)
    x->spawn();
}

void runner_connection::forget(const remote_session& x) {
  if (channel_ != nullptr)
    channel_->drop(x.number());
  pending_.forget(x.number());
  sessions_.erase(x.number());
  if (released_ && sessions_.empty())
    work_->post([self = shared_from_this()] { self->stop(); });
}

} // namespace procession
