#include "sessions.hpp"

#include "child.hpp"
#include "readers.hpp"

#include "procession/actors/actor_system.hpp"
#include "procession/actors/exec_tool.hpp"
#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace procession::bench {

namespace {

/// Returns a command that does not end with the actor that asked for it.
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

/// Repeats the same work, several at a time.
class repeater {
public:
  static constexpr const char* name = "bench.repeater";

  using pointer = caf::stateful_actor<repeater>*;
  /// Called when one piece of work is over; `wrong` is empty on success.
  using over = std::function<void(const std::string& wrong)>;
  using deed = std::function<void(pointer self, const over& then)>;

  explicit repeater(pointer self) : self_(self) {
    // nop
  }

  caf::behavior make_behavior(deed what, std::size_t count, std::size_t at_once,
                              std::promise<void>& done) {
    deed_ = std::move(what);
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
    deed_(self_, [this](const std::string& wrong) { ended(wrong); });
  }

  void ended(const std::string& wrong) {
    if (!wrong.empty())
      finish(wrong);
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
  deed deed_;
  std::size_t to_start_ = 0;
  std::size_t to_end_ = 0;
  std::promise<void>* done_ = nullptr;
};

constexpr auto truth = "/bin/true";

std::string wrong_with(const exit_status& x) {
  return success(x) ? std::string{} : to_string(x);
}

/// Returns work that runs a session, from the request to spawn it to the answer
/// of `wait`.
repeater::deed run_in_session(const spawner& where) {
  return [=](repeater::pointer self, const repeater::over& then) {
    command spec;
    spec.program = truth;
    auto failed = [=](const caf::error& x) { then(describe(x)); };
    self->request(where, caf::infinite, spawn_atom_v, std::move(spec))
      .then(
        [=](const session& hdl) {
          self->request(hdl, caf::infinite, wait_atom_v)
            .then([=](const exit_status& x) { then(wrong_with(x)); }, failed);
        },
        failed);
  };
}

/// Returns the same work over an exec tool.
repeater::deed run_by_tool(const exec_tool& tool) {
  return [=](repeater::pointer self, const repeater::over& then) {
    exec_request request;
    request.argv = {truth};
    self->request(tool, caf::infinite, exec_atom_v, std::move(request))
      .then(
        [=](const exec_result& x) {
          then(x.state == session_state::closed ? wrong_with(x.status)
                                                : status_line(x));
        },
        [=](const caf::error& x) { then(describe(x)); });
  };
}

} // namespace

struct host::impl {
  explicit impl(place x)
    : sys(cfg, rt),
      sessions(x == place::here ? make_spawner(sys, rt)
                                : make_spawner(sys, start_runner(sys, rt))),
      self(sys) {
    // nop
  }

  config cfg;
  runtime rt;
  procession::actor_system sys;
  spawner sessions;
  exec_tool tool;
  caf::scoped_actor self;

  double repeat(repeater::deed what, std::size_t count, std::size_t at_once) {
    std::promise<void> done;
    stopwatch time;
    sys.spawn([&](repeater::pointer x) {
      return state_of(x).make_behavior(std::move(what), count, at_once, done);
    });
    done.get_future().get();
    return time.seconds();
  }

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
  // The extra byte is the child's first.
  audience readers{subscribers, bytes + 1};
  for (std::size_t i = 0; i < subscribers; ++i)
    impl_->sys.spawn([&, source](subscriber::stateful_pointer<flood_reader> x) {
      return state_of(x).make_behavior(source, readers);
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
    return state_of(x).make_behavior(source, count, size, done);
  });
  auto result = done.get_future().get();
  caf::anon_send_exit(source, caf::exit_reason::kill);
  return result;
}

double host::spawn(std::size_t count, std::size_t at_once) {
  return impl_->repeat(run_in_session(impl_->sessions), count, at_once);
}

double host::exec(std::size_t count) {
  if (!impl_->tool)
    impl_->tool = make_exec_tool(impl_->sys, impl_->sessions);
  return impl_->repeat(run_by_tool(impl_->tool), count, 1);
}

void host::idle(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    auto hdl = impl_->start(made_of("/bin/cat", {}, stdio_kind::pipes));
    expect(impl_->self, hdl, write_atom_v, shared_bytes{"x"});
    impl_->self
      ->request(hdl, caf::infinite, read_atom_v, cursor{}, std::uint64_t{1},
                caf::timespan{max_timespan})
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
