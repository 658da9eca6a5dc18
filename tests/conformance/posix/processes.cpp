#include "../../public_programs.hpp"
#include "../world.hpp"

#include "procession/platform/posix/fd.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

namespace procession::test {

std::string helper_path(const std::string& name) {
  return public_program(name);
}

std::string data_file() {
  return "/etc/passwd";
}

std::int64_t own_pid() {
  return ::getpid();
}

bool process_lives(std::int64_t pid) {
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  if (!std::getline(stat, line))
    return false;
  // The state follows the name, which may hold anything but ends with ')'.
  auto state = line.rfind(')');
  return state != std::string::npos && line[state + 2] != 'Z';
}

bool process_gone(std::int64_t pid) {
  std::error_code ec;
  auto pidfd = posix::open_pidfd(static_cast<pid_t>(pid), ec);
  if (!pidfd)
    return true;
  pollfd entry{pidfd.get(), POLLIN, 0};
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  return ::poll(&entry, 1, static_cast<int>(ms.count())) == 1;
}

bool kill_process(std::int64_t pid) {
  return ::kill(static_cast<pid_t>(pid), SIGKILL) == 0;
}

std::optional<std::string> not_shown_here(limitation) {
  return std::nullopt;
}

} // namespace procession::test
