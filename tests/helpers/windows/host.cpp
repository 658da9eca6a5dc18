// A host of sessions to be killed. It prints the numbers of a child and of that
// child's own child, one per line, and then waits for its end.
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/windows/system.hpp"

#include <caf/all.hpp>

#include <iostream>

using namespace procession;

int main() {
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  auto where = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  command spec;
  spec.program = windows::beside_own_program("test-actor.exe");
  spec.args = {"pid", "mute", "1", "sleep", "sleep"};
  session hdl;
  self->request(where, caf::infinite, spawn_atom_v, spec, subscription{})
    .receive([&](session& x) { hdl = std::move(x); },
             [&](caf::error& x) { std::cerr << describe(x) << std::endl; });
  if (!hdl)
    return 1;
  for (;;)
    self->receive([](const started&) {},
                  [](const output& x) {
                    std::cout << x.bytes.text() << std::flush;
                  },
                  [](const exited&) {}, [](const closed&) {});
}
