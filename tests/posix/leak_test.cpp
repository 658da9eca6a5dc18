#include "../threads.hpp"
#include "helper_program.hpp"

#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <malloc.h>

using namespace procession;
using namespace procession::test;

namespace {

command make(const char* program, std::vector<std::string> args,
             stdio_spec stdio) {
  command result;
  result.program = program;
  result.args = std::move(args);
  result.stdio = stdio;
  return result;
}

} // namespace

TEST_CASE("two thousand spawns leave no descriptor, thread or zombie",
          "[leak]") {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  const auto specs = {
    make("true", {}, pipes()), make("true", {}, pty()),
    make("true", {}, pipes(stdin_kind::null)),
    make("no-such-program", {}, pipes()),
    make("/bin/sh", {"-c", "setsid sleep 1000 </dev/null >/dev/null 2>&1 &"},
         pipes())};
  auto round = [&] {
    for (auto& spec : specs) {
      auto result = run(self, sessions, spec);
      CHECK(static_cast<bool>(result) == (spec.program != "no-such-program"));
    }
  };
  round();
  auto descriptors = count_entries("/proc/self/fd");
  auto threads = count_threads();
  for (auto i = 0; i < 400; ++i)
    round();
  CHECK(count_entries("/proc/self/fd") == descriptors);
  CHECK(count_threads() == threads);
  CHECK(zombies().empty());
}

TEST_CASE("sessions that are gone leave no memory with their owner",
          "[leak][session]") {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt, {4096, 16});
  caf::scoped_actor self{sys};
  auto spec = make("true", {}, pipes(stdin_kind::null));
  // A pending deadline keeps the memory until it has passed.
  spec.kill.drain_timeout = std::chrono::milliseconds{1};
  auto spawn_some = [&](int n) {
    for (auto i = 0; i < n; ++i)
      CHECK(run(self, sessions, spec));
  };
  spawn_some(100);
  auto before = ::mallinfo2().uordblks;
  spawn_some(400);
  auto after = ::mallinfo2().uordblks;
  // A session's actor alone takes more than a kilobyte.
  CHECK(after < before + 400 * 250);
}

TEST_CASE("a runtime that ends takes everything of its own along", "[leak]") {
  // A sanitizer starts a thread of its own with our first one.
  runtime{};
  auto descriptors = count_entries("/proc/self/fd");
  auto threads = count_threads();
  {
    config cfg;
    runtime rt;
    caf::actor_system sys{cfg};
    auto sessions = make_spawner(sys, rt);
    caf::scoped_actor self{sys};
    for (auto& stdio : {pipes(), pty(), pipes(stdin_kind::null)})
      self
        ->request(sessions, caf::infinite, spawn_atom_v,
                  make("sleep", {"1000"}, stdio))
        .receive([](session&) {}, [&](caf::error& x) { FAIL(describe(x)); });
  }
  CHECK(count_entries("/proc/self/fd") == descriptors);
  CHECK(count_threads() == threads);
  CHECK(zombies().empty());
}

TEST_CASE("a runtime may end before its actors do", "[ending]") {
  config cfg;
  auto rt = std::make_unique<runtime>();
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, *rt);
  caf::scoped_actor self{sys};
  auto spec = make("sleep", {"1000"}, pipes());
  session hdl;
  self->request(sessions, caf::infinite, spawn_atom_v, spec)
    .receive([&](session& x) { hdl = x; },
             [&](caf::error& x) { FAIL(describe(x)); });
  rt.reset();
  CHECK(zombies().empty());
  self->request(hdl, caf::infinite, wait_atom_v)
    .receive([](exit_status& x) { CHECK(x.signal == 9); },
             [&](caf::error& x) { FAIL(describe(x)); });
  self->request(sessions, caf::infinite, spawn_atom_v, spec)
    .receive([](session&) { FAIL("started without a runtime"); },
             [&](caf::error& x) { CHECK(is(x, errc::runtime_stopped)); });
}

TEST_CASE("a traced process ends when its tracer lets it", "[ending]") {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  // With -D the tracer is a detached grandchild and the program is the child,
  // whose pidfd is readable before it can be waited for.
  auto result = run(
    self, sessions,
    make("strace",
         {"-D", "-o", "/dev/null", "/bin/sh", "-c", "echo traced; exit 3"},
         pipes()));
  REQUIRE(result);
  CHECK(result->out == "traced\n");
  CHECK(result->status.code == 3);
}
