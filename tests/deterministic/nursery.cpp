#include "nursery.hpp"

#include <utility>

namespace procession::test {

child_spec kid(theatre& t, const std::string& name, restart_kind restart) {
  auto what = cat();
  what.argv0 = name;
  auto result = session_child(name, t.where, what);
  result.restart = restart;
  result.pause.first = 1s;
  result.pause.jitter = 0;
  return result;
}

child_spec eager(theatre& t, const std::string& name, restart_kind restart) {
  auto result = kid(t, name, restart);
  result.pause.first = 0s;
  return result;
}

// -- watcher ------------------------------------------------------------------

struct watcher::state {
  lines seen;
  lines problems;
  std::vector<supervisor_event> events;
  std::uint64_t next = 0;

  void on(const supervisor_event& x) {
    auto text = to_string(x);
    seen.push_back(text.substr(text.find(' ') + 1));
    events.push_back(x);
    if (x.seq != next++)
      problems.push_back("not the next event: " + text);
  }

  void on(const events_missed& x) {
    seen.push_back("missed " + std::to_string(x.from) + "-"
                   + std::to_string(x.to));
    if (x.from != next || x.to <= x.from)
      problems.push_back("not to be missed: " + seen.back());
    next = x.to;
  }
};

watcher::watcher(theatre& t, const supervisor& whom, std::uint64_t window,
                 std::uint64_t from)
  : theatre_(t), whom_(whom.address()), state_(std::make_shared<state>()) {
  auto behave = [st = state_, whom = whom_, window,
                 from](caf::event_based_actor* self) -> caf::behavior {
    self->monitor(whom);
    self->set_down_handler([=](caf::down_msg& x) {
      st->seen.push_back("down: " + describe(x.reason));
    });
    event_subscription terms{from, window == 0 ? 100 : window};
    self
      ->request(caf::actor_cast<supervisor>(whom), caf::infinite,
                subscribe_atom_v, terms)
      .then([=](std::uint64_t first) { st->next = first; },
            [=](const caf::error& why) {
              st->problems.push_back("not subscribed: " + describe(why));
            });
    return {
      [=](const task& x) { x(self); },
      [=](const supervisor_event& x) {
        st->on(x);
        if (window == 0)
          self->send(caf::actor_cast<supervisor>(self->current_sender()),
                     ack_atom_v, std::uint64_t{1});
      },
      [=](const events_missed& x) { st->on(x); },
    };
  };
  hdl_ = t.sys.spawn(behave);
  t.run();
}

watcher::~watcher() {
  caf::anon_send_exit(hdl_, caf::exit_reason::kill);
  hdl_ = nullptr;
  theatre_.run();
  CHECK(state_->problems == lines{});
}

lines watcher::take() {
  return std::exchange(state_->seen, {});
}

const std::vector<supervisor_event>& watcher::events() const {
  return state_->events;
}

void watcher::ack(std::uint64_t events) {
  caf::anon_send(hdl_, task{[=, this](caf::event_based_actor* self) {
                   self->send(caf::actor_cast<supervisor>(whom_), ack_atom_v,
                              events);
                 }});
  theatre_.run();
}

void watcher::unsubscribe() {
  caf::anon_send(hdl_, task{[=, this](caf::event_based_actor* self) {
                   self
                     ->request(caf::actor_cast<supervisor>(whom_),
                               caf::infinite, unsubscribe_atom_v)
                     .then([] {});
                 }});
  theatre_.run();
}

// -- nursery ------------------------------------------------------------------

nursery::nursery(theatre& t, std::vector<child_spec> children,
                 supervisor_options options)
  : stage(t), asker(t), hdl([&] {
      auto made = make_supervisor(t.sys, std::move(children), options);
      INFO(describe(made ? caf::error{} : made.error()));
      REQUIRE(made);
      return *made;
    }()),
    seen(t, hdl) {
  // nop
}

nursery::~nursery() {
  caf::anon_send_exit(hdl, caf::exit_reason::kill);
  hdl = nullptr;
  stage.run();
}

script& nursery::of(const std::string& name) {
  for (auto i = stage.children(); i > 0; --i)
    if (auto& x = stage.child(i - 1); x.spec().argv0 == name)
      return x;
  FAIL("'" << name << "' was never started");
  return stage.child();
}

void nursery::up(const std::string& name) {
  auto& x = of(name);
  REQUIRE(started_.insert(&x).second);
  x.started(static_cast<std::int64_t>(started_.size()));
  stage.run();
}

void nursery::down(const std::string& name, exit_status status) {
  auto& x = of(name);
  REQUIRE(ended_.insert(&x).second);
  x.both_ended();
  x.exited(status);
  x.finished();
  stage.run();
}

void nursery::obey() {
  for (auto busy = true; busy;) {
    busy = false;
    for (std::size_t i = 0; i < stage.children(); ++i) {
      auto& x = stage.child(i);
      if (x.destroyed())
        continue;
      auto& name = x.spec().argv0;
      if (started_.count(&x) == 0) {
        busy = true;
        up(name);
      } else if (x.count("kill") + x.count("terminate") > 0
                 && ended_.count(&x) == 0) {
        busy = true;
        down(name, by_signal(x.count("kill") > 0 ? 9 : 15));
      }
    }
  }
}

lines nursery::events() {
  return seen.take();
}

lines nursery::states() {
  lines result;
  auto children = asker.ask<child_list>(hdl, list_atom_v);
  for (auto& x : children.value())
    result.push_back(x.name + " " + to_string(x.state));
  return result;
}

std::size_t nursery::count(const std::string& name, const std::string& call) {
  std::size_t result = 0;
  for (std::size_t i = 0; i < stage.children(); ++i)
    if (auto& x = stage.child(i); x.spec().argv0 == name)
      result += x.count(call);
  return result;
}

reply<child_info> nursery::restart(const std::string& name) {
  return asker.ask<child_info>(hdl, restart_atom_v, name);
}

reply<child_info> nursery::add(child_spec spec) {
  return asker.ask<child_info>(hdl, add_atom_v, std::move(spec));
}

reply<caf::unit_t> nursery::remove(const std::string& name) {
  return asker.ask<caf::unit_t>(hdl, remove_atom_v, name);
}

reply<caf::unit_t> nursery::stop(const std::string& name) {
  return asker.ask<caf::unit_t>(hdl, stop_atom_v, name);
}

child_info nursery::find(const std::string& name) {
  return asker.ask<child_info>(hdl, find_atom_v, name).value();
}

} // namespace procession::test
