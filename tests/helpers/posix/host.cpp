// A host to be killed: starts sessions of every kind, contained by the marker
// or in a runner on request, prints the numbers of all their processes, one per
// line, then "ready", and waits.
#include "procession/actors/runner_node.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstring>

using namespace procession;

namespace {

/// Leader, child, a grandchild in a session of its own, and a process without
/// parent.
constexpr auto script
  = "trap '' HUP TERM INT\n"
    "echo $$\n"
    "sleep 1000 & echo $!\n"
    "setsid sh -c 'echo $$; exec sleep 1000' </dev/null &\n"
    "(setsid sh -c 'echo $$; exec sleep 1000' &) </dev/null\n"
    "wait\n";

} // namespace

int main(int argc, char** argv) {
  auto marker = argc > 1 && std::strcmp(argv[1], "marker") == 0;
  config cfg;
  runtime rt{{marker ? containment_kind::marker : containment_kind::unknown}};
  caf::actor_system sys{cfg};
  auto far = argc > 1 && std::strcmp(argv[1], "runner") == 0;
  auto sessions = far ? make_spawner(sys, start_runner(sys, rt))
                      : make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  for (auto& stdio : {pipes(), pty()}) {
    command spec;
    spec.program = "/bin/sh";
    spec.args = {"-c", script};
    spec.stdio = stdio;
    session hdl;
    self->request(sessions, caf::infinite, spawn_atom_v, spec)
      .receive([&](session& x) { hdl = x; },
               [&](caf::error& x) { std::puts(describe(x).c_str()); });
    if (!hdl)
      return 1;
    cursor at;
    for (auto lines = 0; lines < 4;)
      self
        ->request(hdl, caf::infinite, read_atom_v, at, std::uint64_t{1000},
                  caf::timespan{std::chrono::seconds{30}})
        .receive(
          [&](page& x) {
            for (auto& chunk : x.outputs)
              for (auto c : chunk.bytes.text())
                if (c != '\r') {
                  std::putchar(c);
                  lines += c == '\n' ? 1 : 0;
                }
            at = x.next;
          },
          [&](caf::error& x) { std::puts(describe(x).c_str()); });
  }
  std::puts("ready");
  std::fflush(stdout);
  for (;;)
    ::pause();
}
