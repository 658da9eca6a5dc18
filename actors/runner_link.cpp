#include "procession/actors/runner_link.hpp"

#include "procession/io/protocol.hpp"

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

/// From the end of a session's last output to nothing left of it.
constexpr auto closing_time = seconds{20};

/// How much of a runner's error output an error quotes.
constexpr std::size_t max_log = 2048;

std::string in_ms(caf::timespan x) {
  using std::chrono::milliseconds;
  return std::to_string(std::chrono::duration_cast<milliseconds>(x).count())
         + " ms";
}

/// One line of what may be many.
std::string quoted(const std::string& log) {
  auto text = log;
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      c = c == '\n' ? '|' : '?';
  return '"' + text + '"';
}

} // namespace

runner_link::runner_link(std::shared_ptr<work_queue> work,
                         runner_options options, std::string nonce)
  : work_(std::move(work)), options_(std::move(options)),
    nonce_(std::move(nonce)) {
  // nop
}

std::shared_ptr<runner_link> runner_link::make(std::shared_ptr<work_queue> work,
                                               runner_options options,
                                               std::string nonce) {
  auto to_its_thread = [work](runner_link* x) {
    work->post([last = std::shared_ptr<runner_link>{x}] {});
  };
  return {new runner_link{work, std::move(options), std::move(nonce)},
          to_its_thread};
}

runner_link::~runner_link() = default;

void runner_link::tell() {
  info_.sessions = sessions_.size();
  if (tell_)
    tell_(info_);
}

bool runner_link::greeted() const noexcept {
  return info_.remote_pid != 0;
}

// -- time ---------------------------------------------------------------------

void runner_link::enter(phase next, caf::timespan within) {
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

caf::timespan runner_link::time_for(debt what) const noexcept {
  switch (what) {
    case debt::spawned:
      return options_.spawn;
    case debt::exited:
      return options_.terminate;
    case debt::closed:
      break;
  }
  return closing_time;
}

bool runner_link::paid(debt what, const remote_session& x) noexcept {
  using state = remote_session::state;
  switch (what) {
    case debt::spawned:
      return x.at != state::starting;
    case debt::exited:
      return x.at >= state::exited;
    case debt::closed:
      return x.at == state::over;
  }
  return true;
}

void runner_link::owe(debt what, const remote_session& by) {
  auto& queue = debts_[static_cast<std::size_t>(what)];
  // What was paid meanwhile must not add up.
  while (!queue.empty()) {
    auto i = sessions_.find(queue.front().number);
    if (i != sessions_.end() && !paid(what, *i->second))
      break;
    queue.pop_front();
  }
  auto when = work_->now() + time_for(what);
  queue.push_back({when, by.number});
  arm(queue.front().when);
}

void runner_link::arm(time_point when) {
  if (when >= armed_)
    return;
  if (alarm_ == nullptr)
    alarm_ = work_->make_wake_up([this] {
      armed_ = time_point::max();
      tick();
    });
  armed_ = when;
  alarm_->set(when);
}

void runner_link::tick() {
  auto now = work_->now();
  // The hello has a deadline of its own, and no ping may come before ours.
  if (channel_ != nullptr && greeted())
    channel_->tick(now);
  if (now >= phase_due_)
    on_phase_due();
  for (auto what : {debt::spawned, debt::exited, debt::closed}) {
    auto& queue = debts_[static_cast<std::size_t>(what)];
    while (!queue.empty()) {
      auto i = sessions_.find(queue.front().number);
      auto is_paid = i == sessions_.end() || paid(what, *i->second);
      if (!is_paid && queue.front().when > now)
        break;
      queue.pop_front();
      if (!is_paid)
        on_unpaid(what, *i->second);
    }
    if (!queue.empty())
      arm(queue.front().when);
  }
  arm(phase_due_);
  if (channel_ != nullptr && greeted())
    arm(channel_->next_tick());
}

void runner_link::on_phase_due() {
  phase_due_ = time_point::max();
  switch (phase_) {
    case phase::launching:
      return lose(
        here("the runner was not started within " + in_ms(options_.launch)));
    case phase::connecting:
      return lose(
        here("the runner did not connect within " + in_ms(options_.connect)));
    case phase::greeting:
      return lose(
        here("the runner sent no hello within " + in_ms(options_.hello)));
    case phase::up:
      return;
    case phase::leaving:
      return lose(here("the runner was stopped, and did not end by itself"));
    case phase::half_ended:
      return lose(exit_ ? here("the runner ended: " + to_string(*exit_))
                        : *channel_end_);
    case phase::killing:
      // The kernel does not let go of it; there is no more to be done.
      return down();
    case phase::down:
      return;
  }
}

void runner_link::on_unpaid(debt what, const remote_session& x) {
  auto text = "session " + std::to_string(x.number) + " ";
  auto at = stage::terminate;
  switch (what) {
    case debt::spawned:
      text += "was not started";
      at = stage::spawn;
      break;
    case debt::exited:
      text += "was not killed";
      break;
    case debt::closed:
      text += "was not closed";
      break;
  }
  lose({errc::runner_lost,
        {at, 0,
         text + " by the runner within " + in_ms(time_for(what))
           + ", so the runner was killed"}});
}

// -- the runner's process -----------------------------------------------------

void runner_link::start(std::unique_ptr<runner_process> process,
                        observer tell) {
  self_ = shared_from_this();
  tell_ = std::move(tell);
  process_ = std::move(process);
  enter(phase::launching, options_.launch);
  process_->start([weak = weak_from_this()](runner_event x) {
    if (auto self = weak.lock())
      std::visit([&](auto& y) { self->on(y); }, x);
  });
}

void runner_link::on(runner_launched& x) {
  info_.pid = x.pid;
  if (phase_ != phase::launching)
    return;
  stage_ = stage::connect;
  enter(phase::connecting, options_.connect);
}

void runner_link::on(runner_connected& x) {
  if (phase_ != phase::connecting)
    return;
  stage_ = stage::hello;
  enter(phase::greeting, options_.hello);
  channel_ = std::make_unique<framed_channel>(
    std::move(x.stream), *this, liveness{options_.ping, options_.pong});
  channel_->start(work_->now());
}

void runner_link::on(runner_launch_failed& x) {
  auto why = std::move(x.why);
  why.detail.text = "the runner was not started: " + why.detail.text;
  if (phase_ < phase::killing)
    info_.why = std::move(why);
  down();
}

void runner_link::on(runner_said& x) {
  log_ += x.text;
  if (log_.size() > max_log)
    log_.erase(0, log_.size() - max_log);
}

void runner_link::on(runner_exited& x) {
  exit_ = x.status;
  half_ended();
}

void runner_link::on(runner_gone&) {
  if (phase_ < phase::killing)
    lose(here("the runner is gone"));
  down();
}

// -- the channel --------------------------------------------------------------

void runner_link::on_end(const failure& why) {
  // A breach is worse than an end.
  if (why.code == errc::protocol_violation) {
    auto breach = why;
    breach.detail.at = stage_;
    return lose(std::move(breach));
  }
  channel_end_ = why;
  half_ended();
}

void runner_link::on_frame(frame& x) {
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
  objection wrong = nullptr;
  auto i = sessions_.find(head.session);
  if (i == sessions_.end())
    wrong = "is for a session that it was not given";
  else
    wrong = on_session_frame(*std::shared_ptr{i->second}, x);
  if (wrong != nullptr)
    lose({errc::protocol_violation,
          {stage::channel, 0,
           "the runner's frame " + std::to_string(head.sequence) + ", "
             + to_string(head.type) + " of session "
             + std::to_string(head.session) + ", " + wrong}});
}

void runner_link::on_hello(const frame& x) {
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
  auto waiting = std::vector<session_ptr>{};
  for (auto& [number, session] : sessions_)
    waiting.push_back(session);
  std::sort(waiting.begin(), waiting.end(),
            [](auto& a, auto& b) { return a->number < b->number; });
  for (auto& session : waiting)
    send_spawn(*session);
}

runner_link::objection runner_link::on_session_frame(remote_session& to,
                                                     frame& x) {
  switch (x.header().type) {
    case frame_type::spawned:
      return on_spawned(to, x);
    case frame_type::spawn_failed:
      return on_spawn_failed(to, x);
    case frame_type::output:
      return on_output(to, x);
    case frame_type::input_credit:
      return on_input_credit(to, x);
    case frame_type::input_broken:
      return on_input_broken(to, x);
    case frame_type::answered:
      return on_answered(to, x);
    case frame_type::exited:
      return on_exited(to, x);
    case frame_type::closed:
      return on_closed(to, x);
    default:
      return "is none that a runner sends";
  }
}

namespace {

constexpr auto malformed = "cannot be decoded";
constexpr auto untimely = "does not come at its time";

} // namespace

runner_link::objection runner_link::on_spawned(remote_session& to,
                                               const frame& x) {
  auto body = protocol::decode<protocol::spawned>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::starting)
    return untimely;
  to.at = remote_session::state::running;
  tell(to, child_started{body->pid, body->containment});
  return nullptr;
}

runner_link::objection runner_link::on_spawn_failed(remote_session& to,
                                                    const frame& x) {
  auto body = protocol::decode<protocol::failed>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::starting)
    return untimely;
  close(to, child_start_failed{std::move(body->why)});
  return nullptr;
}

runner_link::objection runner_link::on_output(remote_session& to, frame& x) {
  using state = remote_session::state;
  auto n = x.body().size();
  auto stream = x.header().flags;
  if (n == 0 || n > max_data_body || stream > 1 || (stream == 1 && to.terminal))
    return malformed;
  if (to.at != state::running && (to.at != state::exited || to.drained))
    return untimely;
  if (n > to.credit)
    return "exceeds its credit";
  to.credit -= n;
  if (to.sink)
    tell(to, child_output{static_cast<stream_kind>(stream),
                          x.take_body(to.tails[stream])});
  return nullptr;
}

runner_link::objection runner_link::on_input_credit(remote_session& to,
                                                    const frame& x) {
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

runner_link::objection runner_link::on_input_broken(remote_session& to,
                                                    const frame& x) {
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

runner_link::objection runner_link::on_answered(remote_session& to,
                                                const frame& x) {
  auto body = protocol::decode<protocol::answered>(x.body());
  if (!body)
    return malformed;
  if (to.asked.erase(body->request) == 0)
    return untimely;
  tell(to, child_answered{body->request, body->done, std::move(body->why)});
  return nullptr;
}

runner_link::objection runner_link::on_exited(remote_session& to,
                                              const frame& x) {
  auto body = protocol::decode<protocol::exited>(x.body());
  if (!body)
    return malformed;
  if (to.at != remote_session::state::running)
    return untimely;
  to.at = remote_session::state::exited;
  to.drained = body->drained;
  to.input.clear();
  channel_->drop(to.number);
  if (to.drained)
    owe(debt::closed, to);
  tell(to, child_exited{body->status, body->drained});
  return nullptr;
}

runner_link::objection runner_link::on_closed(remote_session& to,
                                              const frame& x) {
  auto body = protocol::decode<protocol::closed>(x.body());
  if (!body)
    return malformed;
  // What was abandoned may end at any time.
  if (to.sink && to.at != remote_session::state::exited)
    return untimely;
  close(to, child_finished{body->drained || to.drained});
  return nullptr;
}

// -- sessions -----------------------------------------------------------------

void runner_link::tell(remote_session& x, child_event event) {
  if (x.sink)
    x.sink(std::move(event));
}

void runner_link::close(remote_session& x, child_event last) {
  x.at = remote_session::state::over;
  x.gone = true;
  x.input.clear();
  if (channel_ != nullptr)
    channel_->drop(x.number);
  auto sink = std::exchange(x.sink, nullptr);
  sessions_.erase(x.number);
  if (sink)
    sink(std::move(last));
}

void runner_link::start_session(const session_ptr& x, command spec,
                                std::uint64_t credit, child_sink sink) {
  if (phase_ > phase::up) {
    x->at = remote_session::state::over;
    x->gone = true;
    auto why = info_.why;
    if (phase_ < phase::killing)
      why = here("the runner is about to end");
    return sink(child_start_failed{std::move(why)});
  }
  x->number = ++last_number_;
  x->sink = std::move(sink);
  x->terminal = spec.stdio.kind == stdio_kind::pty;
  x->credit = credit;
  x->spec = std::move(spec);
  x->at = remote_session::state::queued;
  sessions_.emplace(x->number, x);
  if (phase_ == phase::up)
    send_spawn(*x);
}

void runner_link::send_spawn(remote_session& x) {
  auto body = protocol::encode(protocol::spawn{std::move(x.spec), x.credit});
  x.spec = {};
  if (body.size() > max_frame_body)
    return close(
      x, child_start_failed{
           {errc::argument_list_too_long,
            {stage::spawn, 0, "the command is longer than a frame may be"}}});
  x.at = remote_session::state::starting;
  owe(debt::spawned, x);
  send(frame_type::spawn, x, std::move(body));
}

void runner_link::send(frame_type type, const remote_session& x,
                       std::string body) {
  if (phase_ == phase::up)
    channel_->send(type, x.number, std::move(body));
}

void runner_link::grant(remote_session& x, std::uint64_t bytes) {
  if (x.at != remote_session::state::running
      && x.at != remote_session::state::exited)
    return;
  x.credit += bytes;
  send(frame_type::output_credit, x, protocol::encode(protocol::credit{bytes}));
}

void runner_link::write(remote_session& x, shared_bytes bytes) {
  if (x.at != remote_session::state::running
      || x.input_state != remote_session::writing::open || bytes.empty())
    return;
  x.input.push_back(std::move(bytes));
  pump(x);
}

void runner_link::close_stdin(remote_session& x) {
  if (x.at != remote_session::state::running
      || x.input_state != remote_session::writing::open)
    return;
  x.input_state = remote_session::writing::closing;
  pump(x);
}

void runner_link::pump(remote_session& x) {
  if (phase_ != phase::up || x.at != remote_session::state::running)
    return;
  while (!x.input.empty() && x.input_under_way < input_window) {
    auto& front = x.input.front();
    auto n = std::min<std::uint64_t>(
      {front.size(), max_data_body, input_window - x.input_under_way});
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
void runner_link::ask(remote_session& x, frame_type type, const Body& body) {
  child_answered refused{body.request, false, {}};
  if (x.at != remote_session::state::running)
    refused.why = {errc::already_exited,
                   {stage::run, 0, "the process has ended"}};
  else if (x.asked.size() >= max_asked)
    refused.why = {errc::request_failed,
                   {stage::run, 0, "too many requests wait already"}};
  else {
    x.asked.insert(body.request);
    return send(type, x, protocol::encode(body));
  }
  tell(x, std::move(refused));
}

void runner_link::resize(remote_session& x, std::uint64_t request,
                         terminal_size size) {
  ask(x, frame_type::resize, protocol::resize{request, size});
}

void runner_link::signal(remote_session& x, std::uint64_t request,
                         signal_name name) {
  ask(x, frame_type::signal, protocol::signal{request, name});
}

void runner_link::terminate(remote_session& x) {
  if (x.at == remote_session::state::running)
    send(frame_type::terminate, x);
}

void runner_link::kill(remote_session& x) {
  if (x.at != remote_session::state::running
      && x.at != remote_session::state::exited)
    return;
  owe(debt::exited, x);
  send(frame_type::kill, x);
}

void runner_link::finish(remote_session& x) {
  if (x.at != remote_session::state::exited)
    return;
  owe(debt::closed, x);
  send(frame_type::finish, x);
}

void runner_link::abandon(remote_session& x) {
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
  owe(debt::closed, x);
  send(frame_type::abandon, x);
}

// -- the end ------------------------------------------------------------------

failure runner_link::here(std::string text) const {
  auto code = greeted() ? errc::runner_lost : errc::runner_failed;
  return {code, {stage_, 0, std::move(text)}};
}

void runner_link::half_ended() {
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

void runner_link::stop() {
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

void runner_link::lose(failure why) {
  if (phase_ >= phase::killing)
    return;
  if (phase_ == phase::leaving)
    why.detail.text = "the runner was stopped";
  else if (!log_.empty())
    why.detail.text += "; it said: " + quoted(log_);
  // It may be a poor program rather than a bad one, whose author wants to know.
  if (channel_ != nullptr && why.code == errc::protocol_violation)
    channel_->send(frame_type::goodbye, 0,
                   protocol::encode(protocol::goodbye{why}));
  info_.why = std::move(why);
  if (channel_ != nullptr)
    channel_->close();
  enter(phase::killing, killing_time);
  process_->kill();
}

void runner_link::down() {
  if (phase_ == phase::down)
    return;
  // Not from inside of one of its calls.
  work_->post([process = std::shared_ptr<runner_process>{std::move(process_)},
               self = std::move(self_)] {});
  if (channel_ != nullptr)
    channel_->close();
  auto lost = std::exchange(sessions_, {});
  for (auto& queue : debts_)
    queue.clear();
  enter(phase::down);
  for (auto& [number, session] : lost)
    if (session->at < remote_session::state::running)
      close(*session, child_start_failed{info_.why});
    else
      close(*session, child_finished{session->drained});
}

// -- children -----------------------------------------------------------------

namespace {

/// The actors' end of a session in a runner: every call is work for the link.
class remote_child : public child {
public:
  explicit remote_child(std::shared_ptr<runner_link> link)
    : link_(std::move(link)), session_(std::make_shared<remote_session>()) {
    // nop
  }

  ~remote_child() override {
    if (!session_->gone)
      call([](runner_link& x, remote_session& to) { x.abandon(to); });
  }

  void start(command spec, std::uint64_t credit, child_sink sink) override {
    link_->work().post([link = link_, session = session_,
                        spec = std::move(spec), credit,
                        sink = std::move(sink)]() mutable {
      link->start_session(session, std::move(spec), credit, std::move(sink));
    });
  }

  void grant(std::uint64_t bytes) override {
    call([=](runner_link& x, remote_session& to) { x.grant(to, bytes); });
  }

  void write(shared_bytes bytes) override {
    call([bytes = std::move(bytes)](runner_link& x, remote_session& to) {
      x.write(to, bytes);
    });
  }

  void close_stdin() override {
    call([](runner_link& x, remote_session& to) { x.close_stdin(to); });
  }

  void resize(std::uint64_t request, terminal_size size) override {
    call(
      [=](runner_link& x, remote_session& to) { x.resize(to, request, size); });
  }

  void signal(std::uint64_t request, signal_name name) override {
    call(
      [=](runner_link& x, remote_session& to) { x.signal(to, request, name); });
  }

  void terminate() override {
    call([](runner_link& x, remote_session& to) { x.terminate(to); });
  }

  void kill() override {
    call([](runner_link& x, remote_session& to) { x.kill(to); });
  }

  void finish() override {
    call([](runner_link& x, remote_session& to) { x.finish(to); });
  }

private:
  template <class F>
  void call(F f) {
    link_->work().post([link = link_, session = session_, f = std::move(f)] {
      f(*link, *session);
    });
  }

  std::shared_ptr<runner_link> link_;
  runner_link::session_ptr session_;
};

class remote_factory : public child_factory {
public:
  explicit remote_factory(std::shared_ptr<runner_link> link)
    : link_(std::move(link)) {
    // nop
  }

  std::unique_ptr<child> make_child() override {
    return std::make_unique<remote_child>(link_);
  }

private:
  std::shared_ptr<runner_link> link_;
};

} // namespace

std::shared_ptr<child_factory>
make_children(std::shared_ptr<runner_link> link) {
  return std::make_shared<remote_factory>(std::move(link));
}

} // namespace procession
