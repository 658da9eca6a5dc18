#include <procession/actors/host.hpp>

#include <cstdlib>
#include <iostream>

// The smallest outside program: runs one process and checks its output.
int main() {
  procession::host host;
  auto result = host.run({.program = "/bin/echo", .args = {"hello"}});
  if (!result) {
    std::cerr << procession::describe(result.error()) << '\n';
    return EXIT_FAILURE;
  }
  std::cout << result->out;
  return result->out == "hello\n" ? EXIT_SUCCESS : EXIT_FAILURE;
}
