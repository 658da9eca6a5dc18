#include "runner_world.hpp"

#include <catch2/catch.hpp>

#include <caf/send.hpp>

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

/// Prints the numbers of two processes: its own, and that of one far away from
/// it; then it says no more.
command loner(stdio_spec stdio = pipes()) {
  return shell("echo $$; (setsid sh -c 'echo $$; exec sleep 1000 >/dev/null' "
               "&) ; exec sleep 1000",
               stdio);
}

/// The two numbers that a loner printed.
std::pair<std::int64_t, std::int64_t> numbers(listener& events) {
  REQUIRE(events.until([&] {
    return std::count(events.out.begin(), events.out.end(), '\n') == 2;
  }));
  auto first = std::stoll(events.out);
  auto second = std::stoll(events.out.substr(events.out.find('\n') + 1));
  return {first, second};
}

runner_options quick_to_notice() {
  runner_options result;
  result.ping = 200ms;
  result.pong = 300ms;
  return result;
}

} // namespace

TEST_CASE("the loss of a runner ends each of its sessions, and every process") {
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
    CHECK_FALSE(events->end->complete);
    CHECK(std::count(events->out.begin(), events->out.end(), '\n') == 2);
  }
  for (auto pid : {info.pid, a, b, c, d})
    CHECK(process_gone(pid));
  // Who waits, asks or watches hears of it.
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

TEST_CASE("what a runner sent before its end arrives") {
  runner_world there;
  auto hdl = there.w.spawn(
    shell("head -c 200000 /dev/zero; kill -KILL $PPID; exec sleep 1000"));
  listener events{there.w, hdl};
  REQUIRE(events.until_closed());
  CHECK(events.out.size() <= 200000);
  CHECK(events.gaps.empty());
  CHECK(events.status->cause == exit_cause::runner_lost);
}

TEST_CASE("a runner ends, with all it runs, when it is asked to") {
  runner_world there;
  REQUIRE_FALSE(there.up());
  listener events{there.w, there.w.spawn(loner())};
  auto [a, b] = numbers(events);
  auto pid = there.info().pid;
  auto answered = false;
  there.w.self->request(there.hdl(), patience, terminate_atom_v)
    .receive(
      [&](runner_info& x) {
        answered = true;
        CHECK(x.state == runner_state::down);
        CHECK(x.why.detail.text == "the runner was stopped");
      },
      [&](caf::error& x) { FAIL(there.w.sys.render(x)); });
  CHECK(answered);
  for (auto x : {pid, a, b})
    CHECK_FALSE(process_lives(x));
  REQUIRE(events.until_closed());
  CHECK(events.status->cause == exit_cause::runner_lost);
}

TEST_CASE("a runner ends with the last who could use it") {
  auto pid = std::int64_t{0};
  auto far = std::int64_t{0};
  SECTION("which is its spawner") {
    runner_world there;
    REQUIRE_FALSE(there.up());
    pid = there.info().pid;
    there.forget_runner();
    listener events{there.w, there.w.spawn(loner())};
    far = numbers(events).second;
    CHECK(process_lives(pid));
    caf::anon_send_exit(there.w.where, caf::exit_reason::user_shutdown);
    there.w.where = nullptr;
    CHECK(process_gone(pid));
    CHECK(process_gone(far));
  }
  SECTION("which is its actor") {
    runner_world there;
    REQUIRE_FALSE(there.up());
    pid = there.info().pid;
    listener events{there.w, there.w.spawn(loner())};
    far = numbers(events).second;
    caf::anon_send_exit(there.hdl(), caf::exit_reason::kill);
    REQUIRE(events.until_closed());
    CHECK(process_gone(pid));
    CHECK(process_gone(far));
  }
  SECTION("which is the runtime") {
    {
      runner_world there;
      listener events{there.w, there.w.spawn(loner())};
      far = numbers(events).second;
      pid = there.info().pid;
    }
    CHECK_FALSE(process_lives(pid));
    CHECK_FALSE(process_lives(far));
  }
}

TEST_CASE("a runner whose parent is silent for a while goes on") {
  // As if the parent were stopped: it reads nothing and pings nobody.
  runner_options options;
  options.ping = std::chrono::hours{1};
  runner_world there{options};
  auto hdl = there.w.spawn(program("cat"));
  listener events{there.w, hdl};
  CHECK(events.quiet_for(300ms));
  REQUIRE(there.w.ask<std::uint64_t>(hdl, write_atom_v, shared_bytes{"x\n"}));
  CHECK(events.until_output("x"));
}

TEST_CASE("a hundred runners leave no descriptor and no zombie") {
  auto count = [] {
    auto all = std::filesystem::directory_iterator{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
  };
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  auto once = [&](runner_transport how) {
    runner_options options;
    options.transport = how;
    auto node = start_runner(sys, rt, options);
    CHECK(run(self, make_spawner(sys, node), program("true")));
    self->request(node.actor(), patience, terminate_atom_v)
      .receive([](runner_info&) {},
               [&](caf::error& x) { FAIL(sys.render(x)); });
  };
  once(runner_transport::stdio);
  auto before = count();
  for (auto i = 0; i < 50; ++i)
    for (auto how : {runner_transport::stdio, runner_transport::socket_path})
      once(how);
  CHECK(count() == before);
}
