// Services: a group of three that depend on each other, under a supervisor.
//
//   database   is ready when it says so in its output
//   server     needs the database; is ready when it writes a line to its
//              notification descriptor
//   worker     needs the server
//
// What it shows:
//   - each is started when the one before is ready, not some seconds later;
//   - when the server crashes, it is restarted, and so is the worker, which
//     relied on it (`rest_for_one`); the database goes on;
//   - they are stopped in reverse order, each with a grace to clean up.
//
// It prints all events, and exits with 1 if they are not as expected.
#include <procession/actors/host.hpp>
#include <procession/actors/supervisor.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace ps = procession;

namespace {

/// Returns a service that becomes ready by `announcement`, and cleans up when
/// it is asked to end.
ps::command service(const std::string& announcement) {
  return {.program = "sh",
          .args = {"-c", "trap 'exit 0' TERM; " + announcement
                           + "; while :; do sleep 1 & wait $!; done"},
          .stdio = ps::pipes(ps::stdin_kind::null)};
}

std::vector<ps::child_spec> services(const ps::spawner& where) {
  auto server = service("echo >&3");
  server.notification_fd = 3;
  return {ps::session_child("database", where,
                            service("echo ready to accept connections"),
                            ps::ready_output{"ready to accept"}),
          ps::session_child("server", where, server, ps::ready_notified{}),
          ps::session_child("worker", where, service(":"))};
}

/// Follows the supervisor's events. When all services are up it kills the
/// server, and when they are up again it ends them.
caf::behavior operations(caf::event_based_actor* self,
                         const ps::supervisor& boss,
                         const caf::actor& report_to) {
  self->send(boss, ps::subscribe_atom_v, ps::event_subscription{});
  auto history = std::make_shared<std::string>();
  return {
    // The answer to the subscription: the number of the first event.
    [](std::uint64_t) {},
    [=](const ps::supervisor_event& x) {
      std::cout << to_string(x) << '\n';
      self->send(boss, ps::ack_atom_v, std::uint64_t{1});
      if (x.what == ps::supervisor_event_kind::ready)
        *history += x.child + " up, ";
      else if (x.what == ps::supervisor_event_kind::exited)
        *history += x.child + " down, ";
      else if (x.what == ps::supervisor_event_kind::ended)
        self->send(report_to, *history);
      if (x.what != ps::supervisor_event_kind::ready || x.child != "worker")
        return;
      if (x.start > 1) {
        caf::anon_send(boss, ps::stop_atom_v);
        return;
      }
      self->request(boss, caf::infinite, ps::find_atom_v, std::string{"server"})
        .then([=](const ps::child_info& server) {
          std::cout << "-- the server is killed\n";
          caf::anon_send(server.session, ps::signal_atom_v,
                         ps::signal_name::kill);
        });
    },
    [](const ps::events_missed&) {},
  };
}

} // namespace

int main() {
  ps::host host;
  auto boss = ps::make_supervisor(
    host.system(), services(host.spawner()),
    {.strategy = ps::restart_strategy::rest_for_one});
  if (!boss) {
    std::cerr << ps::describe(boss.error()) << '\n';
    return EXIT_FAILURE;
  }
  caf::scoped_actor self{host.system()};
  auto follower = self->spawn(operations, *boss, caf::actor{self});
  auto right = false;
  self->receive([&](const std::string& history) {
    std::cout << history << "and that is all\n";
    right = history
            == "database up, server up, worker up, "
               "server down, worker down, server up, worker up, "
               "worker down, server down, database down, ";
  });
  caf::anon_send_exit(follower, caf::exit_reason::user_shutdown);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
