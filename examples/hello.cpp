// Hello: runs one command and shows what it wrote and how it ended.
//
// A runtime holds what sessions need of the operating system, a spawner starts
// them, and `run` waits for one to be over. A program that should not wait
// subscribes to the session instead: see supervised.cpp.
#include <procession/actors/run.hpp>
#include <procession/actors/spawner.hpp>
#include <procession/messages/config.hpp>

#include <caf/all.hpp>
#include <iostream>

int main() {
  procession::runtime runtime;
  procession::config config;
  caf::actor_system system{config};
  auto spawner = procession::make_spawner(system, runtime);
  procession::command command;
  command.program = "sh";
  command.args = {"-c", "echo hello from $(uname -s); echo oops >&2; exit 3"};
  caf::scoped_actor self{system};
  auto result = procession::run(self, spawner, command);
  if (!result) {
    std::cerr << procession::describe(result.error()) << '\n';
    return 1;
  }
  std::cout << "output: " << result->out << "errors: " << result->err
            << "status: " << to_string(result->status) << '\n';
}
