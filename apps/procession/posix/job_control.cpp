#include "../job_control.hpp"

#include "input_descriptor.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace procession::cli {

namespace {

bool has_terminal() {
  auto fd = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return false;
  ::close(fd);
  return true;
}

/// Returns the parent of a process by proc(5); 0 without a known parent.
pid_t parent_of(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(file, text);
  // The name of the program, in parentheses, may contain any character.
  auto end = text.rfind(") ");
  if (end == std::string::npos || text.size() < end + 5)
    return 0;
  return static_cast<pid_t>(std::strtol(text.c_str() + end + 4, nullptr, 10));
}

/// Returns whether all our ancestors in our session are in our process group.
bool is_orphaned() {
  auto group = ::getpgrp();
  auto session = ::getsid(0);
  for (auto pid = ::getppid(); pid > 0; pid = parent_of(pid)) {
    if (::getsid(pid) != session)
      return true;
    if (::getpgid(pid) != group)
      return false;
  }
  return true;
}

} // namespace

bool can_be_suspended() {
  struct sigaction now{};
  ::sigaction(SIGTSTP, nullptr, &now);
  return now.sa_handler == SIG_DFL && has_terminal() && !is_orphaned();
}

bool in_foreground() {
  return ::tcgetpgrp(input_descriptor()) == ::getpgrp();
}

bool wait_for_foreground() {
  auto in_background = [] {
    auto group = ::tcgetpgrp(input_descriptor());
    return group > 0 && group != ::getpgrp();
  };
  if (!in_background() || is_orphaned())
    return false;
  // A job that runs in the background is not told when it comes to the
  // foreground: a shell continues only stopped jobs.
  constexpr auto interval = 100;
  while (in_background())
    ::poll(nullptr, 0, interval);
  ::kill(::getpid(), SIGCONT);
  return true;
}

} // namespace procession::cli
