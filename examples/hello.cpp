// Hello: runs one command and shows what it wrote and how it ended.
//
// A host holds everything that sessions need, and `run` waits until one is
// over. A program that must not block uses actors (two_readers.cpp) or an event
// loop (event_loop.cpp) instead.
#include <procession/actors/host.hpp>

#include <iostream>

int main() {
  procession::host host;
  auto result = host.run(
    {.program = "sh",
     .args = {"-c", "echo hello from $(uname -s); echo oops >&2; exit 3"}});
  if (!result) {
    std::cerr << procession::describe(result.error()) << '\n';
    return 1;
  }
  std::cout << "output: " << result->out << "errors: " << result->err
            << "status: " << to_string(result->status) << '\n';
}
