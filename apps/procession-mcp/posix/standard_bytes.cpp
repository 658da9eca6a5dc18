#include "../standard_bytes.hpp"

#include "common/posix/again.hpp"

#include <procession/platform/default_shell.hpp>

#include <csignal>
#include <cstdlib>
#include <unistd.h>

std::size_t read_input(std::span<char> buffer) {
  for (;;) {
    auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (!procession::again(STDIN_FILENO, POLLIN))
      return 0;
  }
}

bool write_output(std::string_view text) {
  return procession::write_all(STDOUT_FILENO, text);
}

void prepare_output() {
  std::signal(SIGPIPE, SIG_IGN);
}

std::vector<std::string> agent_shell() {
  auto* variable = std::getenv("PATH");
  std::string_view path{variable != nullptr ? variable : "/usr/bin:/bin"};
  for (;;) {
    auto directory = path.substr(0, path.find(':'));
    auto bash = std::string{directory} + "/bash";
    if (!directory.empty() && ::access(bash.c_str(), X_OK) == 0)
      return {bash, "-c"};
    if (directory.size() == path.size())
      return procession::default_shell();
    path.remove_prefix(directory.size() + 1);
  }
}
