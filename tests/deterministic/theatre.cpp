#include "theatre.hpp"

#include <caf/actor_registry.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace procession::test {

command cat() {
  command result;
  result.program = "cat";
  return result;
}

command cat_on_terminal() {
  auto result = cat();
  result.stdio = pty();
  return result;
}

// -- theatre ------------------------------------------------------------------

theatre::theatre(spawner_options options)
  : theatre(std::make_shared<scripted_factory>(), nullptr, nullptr, options) {
  // nop
}

theatre::theatre(
  std::shared_ptr<scripted_factory> scripts,
  const std::function<std::shared_ptr<child_factory>(caf::actor_system&)>&
    children,
  std::function<bool()> more, spawner_options options)
  : factory_(std::move(scripts)), actors_(config_), sys(actors_.get()),
    where(make_spawner(
      sys, children ? children(sys) : std::shared_ptr<child_factory>{factory_},
      options)),
    more_(std::move(more)) {
  run();
}

theatre::~theatre() {
  caf::anon_send_exit(where, caf::exit_reason::user_shutdown);
  where = nullptr;
  run();
  // A session waits for the end of its process.
  for (auto& x : factory_->scripts)
    x->perish();
  run();
  for (auto& x : factory_->scripts)
    CHECK(x->destroyed());
  CHECK(sys.registry().running() == 0);
  // Or the actor system would wait for them for ever.
  if (sys.registry().running() != 0) {
    std::fputs("actors are left\n", stderr);
    std::abort();
  }
}

void theatre::run() {
  do
    actors_.run();
  while (more_ && more_());
}

bool theatre::run_any(std::minstd_rand& chance) {
  return actors_.run_any(chance);
}

void theatre::advance(caf::timespan by) {
  actors_.advance(by);
  run();
}

bool theatre::waits() const {
  return actors_.waits();
}

script& theatre::child(std::size_t i) {
  REQUIRE(i < children());
  return *factory_->scripts[i];
}

void theatre::end(std::size_t i) {
  child(i).both_ended();
  child(i).exited();
  child(i).finished();
  run();
}

std::size_t theatre::children() const {
  return factory_->scripts.size();
}

// -- peer ---------------------------------------------------------------------

struct peer::state {
  lines events;
  lines problems;
  bool acknowledging = false;
  std::string text[2];
  /// The outputs of the current subscription.
  std::vector<output> outputs;
  bool begun = false;
  bool exited = false;
  bool closed = false;
  std::uint64_t last_seq = 0;
  cursor at;

  void note(std::uint64_t seq, const std::string& what) {
    // Counted from the first event after `started`.
    auto line = std::to_string(seq - (begun ? 1 : 0)) + " " + what;
    if (seq != ++last_seq)
      problems.push_back("not the next event: " + line);
    if (closed)
      problems.push_back("behind closed: " + line);
    events.push_back(std::move(line));
  }

  void on(const procession::started& x) {
    if (x.seq != ++last_seq || x.seq != 1)
      problems.push_back("not the first event: " + to_string(x));
    if (x.pid == 0)
      problems.push_back("no process: " + to_string(x));
    if (begun)
      problems.push_back("started again: " + to_string(x));
    begun = true;
  }

  void on(const output& x) {
    if (!begun)
      problems.push_back("output before the start: " + to_string(x));
    auto stream = to_string(x.stream);
    note(x.seq, stream + "@" + std::to_string(x.offset) + " "
                  + std::string{x.bytes.text()});
    if (x.offset != at[x.stream])
      problems.push_back("not the next byte: " + events.back());
    if (x.bytes.empty())
      problems.push_back("nothing in it: " + events.back());
    at[x.stream] = x.offset + x.bytes.size();
    text[static_cast<int>(x.stream)] += x.bytes.text();
    outputs.push_back(x);
  }

  void on(const gap& x) {
    note(x.seq, "gap " + to_string(x.stream) + " " + std::to_string(x.from)
                  + "-" + std::to_string(x.to));
    if (x.from != at[x.stream] || x.to <= x.from)
      problems.push_back("no gap here: " + events.back());
    at[x.stream] = x.to;
  }

  void on(const procession::stopped& x) {
    note(x.seq, "stopped by " + std::to_string(x.signal));
  }

  void on(const procession::continued& x) {
    note(x.seq, "continued");
  }

  void on(const procession::exited& x) {
    note(x.seq, "exited " + to_string(x.status));
    if (std::exchange(exited, true))
      problems.push_back("exited again: " + events.back());
    auto ran = x.status.cause == exit_cause::exited
               || x.status.cause == exit_cause::signaled;
    if (ran && !begun)
      problems.push_back("not started: " + events.back());
  }

  void on(const procession::closed& x) {
    auto rest = to_string(x.rest);
    note(x.seq,
         "closed " + to_string(x.why) + (rest.empty() ? "" : ", ") + rest);
    if (!exited)
      problems.push_back("not exited before: " + events.back());
    closed = true;
  }

  /// Begins a subscription.
  void begin(cursor from) {
    outputs.clear();
    last_seq = 0;
    at = from;
    begun = false;
    exited = false;
    closed = false;
  }
};

caf::behavior peer::behave(caf::event_based_actor* self,
                           std::shared_ptr<state> st) {
  return {
    [=](const task& x) { x(self); },
    [=](const started& x) { st->on(x); },
    [=](const output& x) {
      st->on(x);
      if (st->acknowledging)
        self->send(caf::actor_cast<caf::actor>(self->current_sender()),
                   ack_atom_v, std::uint64_t{x.bytes.size()});
    },
    [=](const gap& x) { st->on(x); },
    [=](const stopped& x) { st->on(x); },
    [=](const continued& x) { st->on(x); },
    [=](const exited& x) { st->on(x); },
    [=](const closed& x) { st->on(x); },
  };
}

peer::peer(theatre& t)
  : theatre_(t), state_(std::make_shared<state>()),
    hdl_(t.sys.spawn(behave, state_)) {
  theatre_.run();
}

peer::~peer() {
  die();
  CHECK(state_->problems == lines{});
}

void peer::perform(task x) {
  caf::anon_send(hdl_, std::move(x));
}

bool peer::begun() const {
  return state_->begun;
}

reply<session> peer::begin_subscribed(command spec, subscription terms) {
  perform([st = state_](caf::event_based_actor*) { st->begin({}); });
  auto result = post<session>(theatre_.where, spawn_atom_v, std::move(spec),
                              terms);
  theatre_.run();
  return result;
}

reply<session> peer::begin(command spec) {
  return ask<session>(theatre_.where, spawn_atom_v, std::move(spec));
}

session peer::spawn(command spec) {
  auto made = begin(std::move(spec));
  auto& child = theatre_.child(theatre_.children() - 1);
  child.started();
  theatre_.run();
  child.take_calls();
  return made.value();
}

reply<caf::unit_t> peer::subscribe(const session& to, subscription terms) {
  auto result = post_subscribe(to, terms);
  theatre_.run();
  return result;
}

reply<caf::unit_t> peer::post_subscribe(const session& to, subscription terms) {
  perform([st = state_, from = terms.from](caf::event_based_actor*) {
    st->begin(from);
  });
  return post<caf::unit_t>(to, subscribe_atom_v, terms);
}

void peer::ack(const session& to, std::uint64_t bytes) {
  post_ack(to, bytes);
  theatre_.run();
}

void peer::post_ack(const session& to, std::uint64_t bytes) {
  perform(
    [=](caf::event_based_actor* self) { self->send(to, ack_atom_v, bytes); });
}

session_info peer::info(const session& of) {
  return ask<session_info>(of, info_atom_v).value();
}

lines peer::take_events() {
  return std::exchange(state_->events, {});
}

void peer::die() {
  if (!hdl_)
    return;
  caf::anon_send_exit(hdl_, caf::exit_reason::kill);
  hdl_ = nullptr;
  theatre_.run();
}

std::string peer::out() const {
  return state_->text[0];
}

std::string peer::err() const {
  return state_->text[1];
}

bool peer::done() const {
  return state_->closed;
}

cursor peer::position() const {
  return state_->at;
}

bool peer::got_only(const std::string& out, const std::string& err) const {
  return std::all_of(
    state_->outputs.begin(), state_->outputs.end(), [&](const output& x) {
      auto& text = x.stream == stream_kind::out ? out : err;
      return x.offset + x.bytes.size() <= text.size()
             && text.compare(x.offset, x.bytes.size(), x.bytes.text()) == 0;
    });
}

const std::vector<output>& peer::outputs() const {
  return state_->outputs;
}

std::uint64_t peer::received() const {
  std::uint64_t result = 0;
  for (auto& x : state_->outputs)
    result += x.bytes.size();
  return result;
}

void peer::acknowledge_always() {
  state_->acknowledging = true;
}

} // namespace procession::test
