#include "procession/actors/host.hpp"
#include "procession/actors/listening.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <string>

using namespace procession;
using namespace std::chrono_literals;

namespace {

/// Events that an actor under test reports to the test.
struct story {
  std::string text;
  exit_status status;
  caf::error error;
};

} // namespace

PROCESSION_BEGIN_LOCAL(one_host_test, 3330)
  PROCESSION_LOCAL(one_host_test, story)
PROCESSION_END_LOCAL(one_host_test)

TEST_CASE("host: a command runs to its end in two lines", "[client]") {
  procession::host host;
  auto result = host.run({.program = "sh", .args = {"-c", "cat; exit 3"}},
                         "in");
  REQUIRE(result);
  CHECK(result->out == "in");
  CHECK(result->status.code == 3);
  auto none = host.run({.program = "no-such-program"});
  REQUIRE_FALSE(none);
  CHECK(is(none.error(), errc::program_not_found));
}

TEST_CASE("host: its end ends its sessions", "[client][ending]") {
  session_info known;
  {
    procession::host host;
    auto child = host.spawn({.program = "sleep", .args = {"1000"}});
    REQUIRE(child);
    auto info = child->process.info();
    REQUIRE(info);
    known = *info;
  }
  CHECK(::kill(static_cast<pid_t>(known.pid), 0) == -1);
}

TEST_CASE("host: options reach the spawner and the configuration", "[client]") {
  procession::host host{
    {.spawner = {.max_sessions = 1},
     .configure = [](config& x) { x.set(caf_option::scheduler_threads, 3); }}};
  CHECK(caf::get_or(host.system().config(), caf_option::scheduler_threads,
                    std::size_t{0})
        == 3);
  auto first = host.spawn({.program = "cat"});
  REQUIRE(first);
  auto second = host.run({.program = "true"});
  REQUIRE_FALSE(second);
  CHECK(is(second.error(), errc::session_limit));
}

TEST_CASE("listening: an actor talks to a program on a terminal",
          "[client][terminal]") {
  procession::host host;
  caf::scoped_actor self{host.system()};
  host.system().spawn([&, to = caf::actor{self}](caf::event_based_actor* who) {
    auto seen = std::make_shared<story>();
    who->become(listening(
      who, {
             .output = [=](auto& x) { seen->text += x.bytes.text(); },
             .exited = [=](auto& x) { seen->status = x.status; },
             .closed = [=](auto&) { who->send(to, *seen), who->quit(); },
           }));
    command cat{.program = "cat", .stdio = pty()};
    open(who, host.spawner(), cat, [=](const session& it) {
      send_input(who, it, "hello\n");
      caf::anon_send(it, close_stdin_atom_v);
    });
  });
  self->receive([](const story& x) {
    CHECK(x.text == "hello\r\nhello\r\n");
    CHECK(success(x.status));
  });
}

TEST_CASE("listening: output far beyond the window is acknowledged by itself",
          "[client][subscription]") {
  procession::host host;
  caf::scoped_actor self{host.system()};
  host.system().spawn([&, to = caf::actor{self}](caf::event_based_actor* who) {
    auto seen = std::make_shared<std::size_t>(0);
    who->become(listening(
      who, {
             .output = [=](auto& x) { *seen += x.bytes.size(); },
             .closed = [=](auto&) { who->send(to, *seen), who->quit(); },
           }));
    command zeros{.program = "head", .args = {"-c", "3000000", "/dev/zero"}};
    open(who, host.spawner(), zeros, {}, {}, {.window = 4096});
  });
  self->receive([](std::size_t bytes) { CHECK(bytes == 3000000); });
}

TEST_CASE("listening: a program that does not start is told, or ends the actor",
          "[client][start]") {
  procession::host host;
  caf::scoped_actor self{host.system()};
  SECTION("told") {
    host.system().spawn(
      [&, to = caf::actor{self}](caf::event_based_actor* who) {
        open(who, host.spawner(), {.program = "no-such-program"}, {},
             [=](const caf::error& why) { who->send(to, story{{}, {}, why}); });
      });
    self->receive(
      [](const story& x) { CHECK(is(x.error, errc::program_not_found)); });
  }
  SECTION("by default it ends the actor") {
    auto who = host.system().spawn([&](caf::event_based_actor* who) {
      open(who, host.spawner(), {.program = "no-such-program"}, {});
    });
    self->monitor(who);
    self->receive([](const caf::down_msg& x) {
      CHECK(is(x.reason, errc::program_not_found));
    });
  }
}
