#include "sessions.hpp"

#include "child.hpp"
#include "readers.hpp"

#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <stdexcept>

namespace procession::bench {

namespace {

/// A command that nothing ends with the actor that asked for it.
command made_of(const std::string& program, std::vector<std::string> args,
                stdio_kind kind) {
  command result;
  result.program = program;
  result.args = std::move(args);
  result.stdio.kind = kind;
  result.owner = ownership::spawner;
  return result;
}

[[noreturn]] void fail(const caf::error& x) {
  throw std::runtime_error{describe(x)};
}

template <class... Ts>
void expect(caf::scoped_actor& self, const session& hdl, Ts... request) {
  self->request(hdl, caf::infinite, request...)
    .receive([](std::uint64_t) {}, [](const caf::error& x) { fail(x); });
}

/// Runs /bin/true again and again, so many at a time.
class spawn_driver {
public:
  static constexpr const char* name = "bench.spawn_driver";

  using pointer = caf::stateful_actor<spawn_driver>*;

  explicit spawn_driver(pointer self) : self_(self) {
    // nop
  }

  caf::behavior make_behavior(spawner where, std::size_t count,
                              std::size_t at_once, std::promise<void>& done) {
    where_ = std::move(where);
    to_start_ = count;
    to_end_ = count;
    done_ = &done;
    for (std::size_t i = 0; i < at_once; ++i)
      next();
    return {[](caf::ok_atom) {}};
  }

private:
  void next() {
    if (to_start_ == 0)
      return;
    --to_start_;
    command spec;
    spec.program = "/bin/true";
    auto failed = [this](const caf::error& x) { finish(describe(x)); };
    self_->request(where_, caf::infinite, spawn_atom_v, std::move(spec))
      .then(
        [=, this](const session& hdl) {
          self_->request(hdl, caf::infinite, wait_atom_v)
            .then([this](const exit_status& x) { ended(x); }, failed);
        },
        failed);
  }

  void ended(const exit_status& x) {
    if (!success(x))
      finish(to_string(x));
    else if (--to_end_ == 0)
      finish({});
    else
      next();
  }

  void finish(const std::string& wrong) {
    if (done_ == nullptr)
      return;
    if (wrong.empty())
      done_->set_value();
    else
      done_->set_exception(std::make_exception_ptr(std::runtime_error{wrong}));
    done_ = nullptr;
    self_->quit();
  }

  pointer self_;
  spawner where_;
  std::size_t to_start_ = 0;
  std::size_t to_end_ = 0;
  std::promise<void>* done_ = nullptr;
};

} // namespace

struct host::impl {
  explicit impl(place x)
    : sys(cfg),
      sessions(x == place::here ? make_spawner(sys, rt)
                                : make_spawner(sys, start_runner(sys, rt))),
      self(sys) {
    // nop
  }

  config cfg;
  runtime rt;
  caf::actor_system sys;
  spawner sessions;
  caf::scoped_actor self;

  session start(command spec) {
    session result;
    self->request(sessions, caf::infinite, spawn_atom_v, std::move(spec))
      .receive([&](session& x) { result = std::move(x); },
               [](const caf::error& x) { fail(x); });
    return result;
  }
};

host::host(place where) : impl_(std::make_unique<impl>(where)) {
  // nop
}

host::~host() = default;

double host::flood(stdio_kind kind, std::uint64_t bytes,
                   std::size_t subscribers) {
  auto source = impl_->start(
    made_of(own_path(), child_args(child_kind::flood, bytes), kind));
  // One byte more: the child's first.
  audience readers{subscribers, bytes + 1};
  for (std::size_t i = 0; i < subscribers; ++i)
    impl_->sys.spawn([&, source](subscriber::stateful_pointer<flood_reader> x) {
      return x->state.make_behavior(source, readers);
    });
  readers.ready.wait();
  stopwatch time;
  expect(impl_->self, source, write_atom_v, shared_bytes{"x"});
  readers.done.wait();
  auto result = time.seconds();
  readers.over.wait();
  readers.check();
  return result;
}

round_trips host::echo(stdio_kind kind, std::size_t count, std::size_t size) {
  auto source = impl_->start(
    made_of(own_path(), child_args(child_kind::echo), kind));
  std::promise<round_trips> done;
  impl_->sys.spawn([&, source](subscriber::stateful_pointer<echo_reader> x) {
    return x->state.make_behavior(source, count, size, done);
  });
  auto result = done.get_future().get();
  caf::anon_send_exit(source, caf::exit_reason::kill);
  return result;
}

double host::spawn(std::size_t count, std::size_t at_once) {
  std::promise<void> done;
  stopwatch time;
  impl_->sys.spawn([&](spawn_driver::pointer x) {
    return x->state.make_behavior(impl_->sessions, count, at_once, done);
  });
  done.get_future().get();
  return time.seconds();
}

void host::idle(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto hdl = impl_->start(made_of("/bin/cat", {}, stdio_kind::pipes));
    expect(impl_->self, hdl, write_atom_v, shared_bytes{"x"});
    impl_->self
      ->request(hdl, caf::infinite, read_atom_v, cursor{}, std::uint64_t{1},
                caf::timespan{std::chrono::seconds{10}})
      .receive([](const page&) {}, [](const caf::error& x) { fail(x); });
  }
}

void host::settle() {
  auto settled = false;
  while (!settled)
    impl_->self->request(impl_->sessions, caf::infinite, list_atom_v)
      .receive(
        [&](const std::vector<session_info>& all) {
          settled = std::all_of(all.begin(), all.end(), [](auto& x) {
            return x.state == session_state::closed;
          });
        },
        [](const caf::error& x) { fail(x); });
}

} // namespace procession::bench
