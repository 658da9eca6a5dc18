// Supervisors over real processes. Their number is set in tests/CMakeLists.txt:
// fewer with a sanitizer, which slows each one down.
#include "../threads.hpp"
#include "helper_program.hpp"

#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/actors/supervisor.hpp"
#include "procession/messages/config.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>

#include <sys/resource.h>

#include <csignal>
#include <map>
#include <set>

using namespace procession;
using namespace procession::test;
using namespace std::chrono_literals;

namespace {

/// A test that gets this far has failed.
constexpr auto supervised_patience = 60s;

std::string name_of(std::size_t child) {
  return std::to_string(child) + "th";
}

command program(std::string name, std::vector<std::string> args) {
  command result;
  result.program = std::move(name);
  result.args = std::move(args);
  result.stdio = pipes(stdin_kind::null);
  return result;
}

/// Lets this process have as many descriptors as the system allows.
class all_descriptors {
public:
  all_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit limit{before_.rlim_max, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  ~all_descriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

  std::size_t count() const {
    return before_.rlim_max;
  }

private:
  rlimit before_{};
};

/// Receives all events of a supervisor.
class event_reader {
public:
  event_reader(caf::actor_system& sys, supervisor whom)
    : self_(sys), whom_(std::move(whom)) {
    self_
      ->request(whom_, supervised_patience, subscribe_atom_v,
                event_subscription{})
      .receive([](std::uint64_t first) { CHECK(first == 1); },
               [&](caf::error& x) { FAIL(describe(x)); });
  }

  /// Receives until `n` events of that kind have come.
  void until(supervisor_event_kind what, std::size_t n) {
    while (seen[what] < n)
      receive();
  }

  std::map<supervisor_event_kind, std::size_t> seen;
  /// The events of each child.
  std::map<std::string, std::vector<supervisor_event>> of;

private:
  void receive() {
    self_->receive(
      [&](const supervisor_event& x) {
        REQUIRE(x.seq == ++last_);
        ++seen[x.what];
        of[x.child].push_back(x);
        self_->send(whom_, ack_atom_v, std::uint64_t{1});
      },
      [&](const events_missed&) { FAIL("events were missed"); },
      caf::after(supervised_patience) >>
        [&] { FAIL("no event comes any more"); });
  }

  caf::scoped_actor self_;
  supervisor whom_;
  std::uint64_t last_ = 0;
};

} // namespace

TEST_CASE("thousands of sessions are all restarted, and nothing is left",
          "[supervision][leak]") {
  all_descriptors limit;
  runtime rt;
  // Without a cgroup each end scans all processes of the machine, and a
  // supervisor ends its children one after the other.
  const auto many = rt.containment() == containment_kind::cgroup
                      ? std::size_t{PROCESSION_MANY_SESSIONS}
                      : std::size_t{PROCESSION_MANY_SESSIONS} / 5;
  // A session has five descriptors at most, and the program some of its own.
  if (limit.count() < many * 5 + 100) {
    WARN("skipped here: only " << limit.count() << " descriptors are allowed");
    return;
  }
  config cfg;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  REQUIRE(run(self, sessions, program("true", {})));
  auto descriptors = count_entries("/proc/self/fd");
  auto threads = count_threads();
  std::vector<child_spec> children;
  for (std::size_t i = 0; i < many; ++i) {
    auto what = program("sleep", {"1000"});
    what.limits.retention = 0s;
    children.push_back(session_child(name_of(i), sessions, what));
  }
  supervisor_options options;
  options.intensity = {static_cast<std::uint32_t>(many), supervised_patience};
  options.retained_events = 16 * many;
  auto made = make_supervisor(sys, std::move(children), options);
  REQUIRE(made);
  event_reader events{sys, *made};
  events.until(supervisor_event_kind::ready, many);
  std::set<std::int64_t> pids;
  for (auto& [name, seen] : events.of)
    pids.insert(seen.back().pid);
  REQUIRE(pids.size() == many);
  for (auto pid : pids)
    REQUIRE(::kill(static_cast<pid_t>(pid), SIGKILL) == 0);
  events.until(supervisor_event_kind::ready, 2 * many);
  self->request(*made, supervised_patience, stop_atom_v)
    .receive([] {}, [&](caf::error& x) { FAIL(describe(x)); });
  events.until(supervisor_event_kind::ended, 1);
  using kind = supervisor_event_kind;
  for (std::size_t i = 0; i < many; ++i) {
    std::vector<kind> seen;
    for (auto& x : events.of[name_of(i)])
      seen.push_back(x.what);
    REQUIRE(seen
            == std::vector<kind>{kind::started, kind::ready, kind::exited,
                                 kind::backing_off, kind::started, kind::ready,
                                 kind::stopping, kind::exited});
  }
  // A process that has exited is still to be reaped.
  self->request(sessions, supervised_patience, terminate_atom_v)
    .receive([] {}, [&](caf::error& x) { FAIL(describe(x)); });
  CHECK(count_entries("/proc/self/fd") == descriptors);
  CHECK(count_threads() == threads);
  CHECK(zombies().empty());
}
