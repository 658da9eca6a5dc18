// The loss of a runner by every signal, and what is left after it.
#include "../runner_world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <signal.h>

#include <chrono>
#include <filesystem>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

runner_options quick_to_notice() {
  runner_options result;
  result.ping_interval = 200ms;
  result.pong_timeout = 300ms;
  result.restart = false;
  return result;
}

} // namespace

TEST_CASE("the loss of a runner ends each of its sessions, and every process",
          "[runner][ending]") {
  auto how = GENERATE(SIGKILL, SIGSTOP, SIGTERM);
  INFO("signal " << how);
  runner_world there{quick_to_notice()};
  REQUIRE_FALSE(there.up());
  auto pipe = there.w.spawn(loner());
  auto terminal = there.w.spawn(loner(pty()));
  listener first{there.w, pipe};
  listener second{there.w, terminal};
  auto [a, b] = numbers(first);
  auto [c, d] = numbers(second);
  auto info = there.info();
  there.w.self->monitor(there.hdl());
  REQUIRE(::kill(static_cast<pid_t>(info.pid), how) == 0);
  for (auto* events : {&first, &second}) {
    REQUIRE(events->until_closed());
    CHECK(events->status->cause == exit_cause::runner_lost);
    CHECK(events->end->why == close_reason::host_lost);
    CHECK(std::count(events->out.begin(), events->out.end(), '\n') == 2);
  }
  for (auto pid : {info.pid, a, b, c, d})
    CHECK(process_gone(pid));
  // Every actor that waits, asks or watches is told.
  CHECK(there.w.ask<exit_status>(pipe, wait_atom_v)->cause
        == exit_cause::runner_lost);
  CHECK(is(there.w.refusal(program("true")), errc::runner_lost));
  there.w.self->receive([&](const caf::down_msg& x) {
    CHECK(is(x.reason, errc::runner_lost));
    if (how == SIGKILL)
      CHECK(describe(x.reason).find("killed by signal 9") != std::string::npos);
    if (how == SIGSTOP)
      CHECK(describe(x.reason).find("silent for 500 ms") != std::string::npos);
  });
}

TEST_CASE("the last output of a runner arrives", "[runner][output]") {
  runner_world there;
  auto hdl = there.w.spawn(
    shell("head -c 200000 /dev/zero; kill -KILL $PPID; exec sleep 1000"));
  listener events{there.w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.out.size() <= 200000);
  CHECK(events.gaps.empty());
  CHECK(events.status->cause == exit_cause::runner_lost);
}

TEST_CASE("a hundred runners leave no descriptor and no zombie",
          "[runner][leak]") {
  auto count = [] {
    auto all = std::filesystem::directory_iterator{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
  };
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  auto once = [&] {
    auto node = start_runner(sys, rt, {});
    CHECK(run(self, make_spawner(sys, node), program("true")));
    self->request(node.actor(), patience, stop_atom_v)
      .receive([](runner_info&) {}, [&](caf::error& x) { FAIL(describe(x)); });
  };
  once();
  auto before = count();
  for (auto i = 0; i < 100; ++i)
    once();
  CHECK(count() == before);
}
