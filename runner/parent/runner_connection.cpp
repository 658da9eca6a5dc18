#include "procession/runner/parent/runner_connection.hpp"

#include "procession/io/text/printable.hpp"
#include "procession/runner/channel/protocol.hpp"

#include <algorithm>
#include <utility>

namespace procession {

namespace {

using std::chrono::seconds;

/// Time between the end of a runner's process and that of its channel, and for
/// one that was said goodbye to.
constexpr auto other_half = seconds{1};
constexpr auto leaving_time = seconds{5};

/// Longer than the platform takes to kill a tree.
constexpr auto killing_time = seconds{8};

/// How much of a runner's error output an error quotes.
constexpr std::size_t max_log = 2048;

std::string in_ms(caf::timespan x) {
  using std::chrono::milliseconds;
  return std::to_string(std::chrono::duration_cast<milliseconds>(x).count())
         + " ms";
}

/// One line of what may be many.
std::string in_quotes(const std::string& log) {
  auto text = log;
  // Line ends of a terminal, too.
  text.erase(text.find_last_not_of("\r\n") + 1);
  std::replace(text.begin(), text.end(), '\n', '|');
  return '"' + printable(text) + '"';
}

} // namespace

runner_connection::runner_connection(std::shared_ptr<executor> work,
                                     runner_options options, std::string nonce,
                                     observer tell)
  : work_(std::move(work)), options_(std::move(options)),
    nonce_(std::move(nonce)), tell_(std::move(tell)) {
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
  // The sessions of a spawner that has gone are being killed: it stops after
  // the last of them.
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
  phase_due_ = within > caf::timespan::zero() ? work_->now() + within
                                              : time_point::max();
  arm(phase_due_);
  tell();
}

caf::timespan
runner_connection::time_for(deadline what,
                            const remote_session& by) const noexcept {
  switch (what) {
    case deadline::spawned:
      return options_.spawn_timeout;
    case deadline::answered:
    case deadline::exited:
      return options_.terminate_timeout;
    case deadline::closed:
      break;
  }
  return by.closing_time();
}

bool runner_connection::met(deadline what, const due& x) const {
  auto i = sessions_.find(x.number);
  return i == sessions_.end()
         || i->second->has_met(what, x.when, options_.terminate_timeout);
}

void runner_connection::expect(deadline what, const remote_session& by) {
  auto& queue = deadlines_[static_cast<std::size_t>(what)];
  // What was met meanwhile must not add up.
  while (!queue.empty() && met(what, queue.front()))
    queue.pop_front();
  add(queue, {work_->now() + time_for(what, by), by.number()});
  arm(queue.front().when);
}

void runner_connection::add(queue& to, due x) {
  auto earlier = [](const due& y, const due& z) { return y.when < z.when; };
  to.insert(std::upper_bound(to.begin(), to.end(), x, earlier), x);
}

void runner_connection::report_stops_at(time_point when,
                                        const remote_session& x) {
  add(stops_due_, {when, x.number()});
  report_stops();
}

void runner_connection::report_stops() {
  auto now = work_->now();
  while (!stops_due_.empty() && stops_due_.front().when <= now) {
    auto i = sessions_.find(stops_due_.front().number);
    stops_due_.pop_front();
    if (i != sessions_.end()) {
      auto session = i->second;
      session->report_stops(now);
    }
  }
  if (!stops_due_.empty())
    arm(stops_due_.front().when);
}

void runner_connection::arm(time_point when) {
  if (when >= armed_)
    return;
  if (timer_ == nullptr)
    timer_ = work_->make_timer([this] {
      armed_ = time_point::max();
      tick();
    });
  armed_ = when;
  timer_->set(when);
}

void runner_connection::tick() {
  auto now = work_->now();
  // The first frame is the hello, so nobody is asked for anything before.
  if (phase_ == phase::up)
    channel_->tick(now);
  if (now >= phase_due_)
    on_phase_due();
  for (auto what : {deadline::spawned, deadline::answered, deadline::exited,
                    deadline::closed}) {
    auto& queue = deadlines_[static_cast<std::size_t>(what)];
    while (!queue.empty()) {
      auto first = queue.front();
      auto is_met = met(what, first);
      if (!is_met && first.when > now)
        break;
      queue.pop_front();
      if (!is_met)
        on_missed(what, first.number);
    }
    if (!queue.empty())
      arm(queue.front().when);
  }
  report_stops();
  arm(phase_due_);
  if (phase_ == phase::up)
    arm(channel_->next_tick());
}

void runner_connection::on_phase_due() {
  phase_due_ = time_point::max();
  switch (phase_) {
    case phase::launching:
      return lose(here("the runner was not started within "
                       + in_ms(options_.launch_timeout)));
    case phase::connecting:
      return lose(here("the runner did not connect within "
                       + in_ms(options_.connect_timeout)));
    case phase::greeting:
      // A command may lead to anything, also to what waits for us to speak.
      if (!options_.command.empty())
        return lose(
          here("the runner sent no hello within "
               + in_ms(options_.connect_timeout + options_.hello_timeout)
               + "; its command has to lead to procession-runner "
                 "--stdio"));
      return lose(here("the runner sent no hello within "
                       + in_ms(options_.hello_timeout)));
    case phase::up:
      return;
    case phase::leaving:
      return lose(here("the runner was stopped, and did not end by itself"));
    case phase::half_ended:
      if (exit_)
        return lose(here("the runner ended: " + to_string(*exit_)));
      return lose(channel_end_ ? *channel_end_ : here("the runner is gone"));
    case phase::killing:
      // The kernel does not let go of it, or we may not kill who has become
      // another user (kill(2), EPERM); there is no more to be done.
      info_.why.detail.text += "; process " + std::to_string(info_.pid)
                               + " does not end";
      return down();
    case phase::down:
      return;
  }
}

void runner_connection::on_missed(deadline what, std::uint64_t number) {
  auto& by = *sessions_.at(number);
  // A request is not worth a runner, which may be far away behind a flood.
  if (what == deadline::answered) {
    auto time = options_.terminate_timeout;
    auto next = by.give_up_request(
      {errc::deadline_passed,
       {stage::run, 0, "the runner did not answer within " + in_ms(time)}});
    if (next != time_point::max())
      deadlines_[static_cast<std::size_t>(what)].push_front(
        {next + time, number});
    return;
  }
  // Its exit comes behind its output, and the way may be slow; but whoever
  // keeps sending is not waited for any longer.
  if (what == deadline::exited && by.waits_once_more())
    return expect(what, by);
  auto text = "session " + std::to_string(number) + " ";
  auto at = stage::terminate;
  switch (what) {
    case deadline::spawned:
      text += "was not started";
      at = stage::spawn;
      break;
    case deadline::answered:
      return;
    case deadline::exited:
      text += "was not killed";
      break;
    case deadline::closed:
      text += "was not closed";
      break;
  }
  lose({errc::runner_lost,
        {at, 0,
         text + " by the runner within " + in_ms(time_for(what, by))
           + ", so the runner was killed"}});
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
  // A command-line runner may be remote: its hello also gets the connect time.
  enter(phase::greeting, options_.command.empty()
                           ? options_.hello_timeout
                           : options_.connect_timeout + options_.hello_timeout);
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
  // Not from inside of its own call.
  work_->post([last = std::shared_ptr<runner_process>{std::move(process_)}] {});
  if (phase_ == phase::killing)
    down();
  else
    // What it sent may still be on its way.
    half_ended();
}

// -- the channel --------------------------------------------------------------

void runner_connection::on_end(const failure& why) {
  // A breach is worse than an end.
  if (why.code == errc::protocol_violation) {
    auto breach = why;
    breach.detail.at = stage_;
    return lose(std::move(breach));
  }
  // Nothing more is to be expected of the silent.
  if (why.code == errc::deadline_passed)
    return lose(here(why.detail.text));
  channel_end_ = why;
  half_ended();
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
  remote_session::protocol_error wrong = nullptr;
  auto i = sessions_.find(head.session);
  if (i == sessions_.end())
    wrong = "is for a session that it was not given";
  else
    wrong = std::shared_ptr {
      i->second
    } -> on_frame(x);
  if (wrong != nullptr)
    lose({errc::protocol_violation,
          {stage::channel, 0,
           "the runner's frame " + std::to_string(head.sequence) + ", "
             + to_string(head.type) + " of session "
             + std::to_string(head.session) + ", " + wrong}});
}

void runner_connection::on_hello(const frame& x) {
  auto refuse = [&](std::string text) {
    lose({errc::protocol_violation, {stage::hello, 0, std::move(text)}});
  };
  auto greeting = protocol::decode<protocol::hello>(x.body());
  if (x.header().type != frame_type::hello || x.header().session != 0
      || !greeting || greeting->pid <= 0)
    return refuse("the runner did not begin with a hello");
  if (greeting->version != protocol_version)
    return refuse("the runner speaks version "
                  + std::to_string(greeting->version) + ", we speak "
                  + std::to_string(protocol_version));
  // A command may lead where no secret can be passed along; there the stream
  // itself is what only the runner has.
  auto unknowing = !options_.command.empty() && greeting->nonce.empty();
  if (greeting->nonce != nonce_ && !unknowing)
    return refuse("the runner does not know what it was told at its start");
  info_.remote_pid = greeting->pid;
  info_.user = std::move(greeting->user);
  protocol::hello ours;
  ours.nonce = nonce_;
  channel_->send(frame_type::hello, 0, protocol::encode(ours));
  arm(channel_->next_tick());
  if (phase_ != phase::greeting)
    return;
  stage_ = stage::channel;
  enter(phase::up);
  arm(channel_->next_tick());
  auto waiting = std::vector<session_ptr>{};
  for (auto& [number, session] : sessions_)
    waiting.push_back(session);
  std::sort(waiting.begin(), waiting.end(),
            [](auto& a, auto& b) { return a->number() < b->number(); });
  for (auto& session : waiting)
    session->spawn();
}

// -- the end ------------------------------------------------------------------

failure runner_connection::here(std::string text) const {
  auto code = greeted() ? errc::runner_lost : errc::runner_failed;
  return {code, {stage_, 0, std::move(text)}};
}

void runner_connection::half_ended() {
  switch (phase_) {
    case phase::launching:
    case phase::connecting:
    case phase::greeting:
    case phase::up:
    case phase::half_ended:
    case phase::leaving:
      if (exit_ && (channel_end_ || channel_ == nullptr))
        return lose(here("the runner ended: " + to_string(*exit_)));
      if (phase_ != phase::leaving)
        enter(phase::half_ended, other_half);
      return;
    case phase::killing:
    case phase::down:
      return;
  }
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
                            auto self = weak.lock();
                            if (self == nullptr)
                              return;
                            self->channel_end_ = why;
                            self->half_ended();
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
  // Not from inside of one of their calls.
  work_->post([process = std::shared_ptr<runner_process>{std::move(process_)},
               channel = std::shared_ptr<framed_channel>{std::move(channel_)},
               timer = std::shared_ptr<timer>{std::move(timer_)},
               self = std::move(self_)] {});
  auto lost = std::exchange(sessions_, {});
  for (auto& queue : deadlines_)
    queue.clear();
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
  if (up())
    x->spawn();
}

void runner_connection::send(frame_type type, const remote_session& x,
                             std::string body) {
  if (up())
    channel_->send(type, x.number(), std::move(body));
}

void runner_connection::send_credit(const remote_session& x,
                                    std::uint64_t bytes) {
  if (up())
    channel_->send_credit(frame_type::output_credit, x.number(), bytes);
}

void runner_connection::send_in_turn(frame_type type, const remote_session& x,
                                     shared_bytes body) {
  if (up())
    channel_->send_in_turn(type, x.number(), std::move(body));
}

void runner_connection::drop(const remote_session& x) {
  if (channel_ != nullptr)
    channel_->drop(x.number());
}

void runner_connection::forget(const remote_session& x) {
  drop(x);
  sessions_.erase(x.number());
  if (released_ && sessions_.empty())
    work_->post([self = shared_from_this()] { self->stop(); });
}

} // namespace procession
