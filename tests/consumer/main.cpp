#include <procession/actors/run.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/actors/supervisor.hpp>
#include <procession/messages/config.hpp>
#include <procession/platform/runtime.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <cstdlib>
#include <iostream>

// The least that an outside program does: run one process, look at its output.
int main() {
  procession::runtime runtime;
  procession::config cfg;
  caf::actor_system sys{cfg};
  auto spawner = procession::make_spawner(sys, runtime);
  caf::scoped_actor self{sys};
  procession::command echo;
  echo.program = "/bin/echo";
  echo.args = {"hello"};
  auto result = procession::run(self, spawner, echo);
  if (!result) {
    std::cerr << procession::describe(result.error()) << '\n';
    return EXIT_FAILURE;
  }
  std::cout << result->out;
  return result->out == "hello\n" ? EXIT_SUCCESS : EXIT_FAILURE;
}
