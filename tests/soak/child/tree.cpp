#include "tree.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

namespace procession::soak {

namespace {

[[noreturn]] void wait_for_the_end() {
  for (;;)
    ::pause();
}

/// The descriptor by which the daemon, being another program, tells that it
/// runs.
constexpr auto daemon_ready = 9;

const char* name_of(descendant kind) {
  switch (kind) {
    case descendant::plain:
      return "plain";
    case descendant::apart:
      return "apart";
    case descendant::daemon:
      return "daemon";
    case descendant::stubborn:
      return "stubborn";
    case descendant::threaded:
      return "threaded";
    case descendant::hidden:
      return "hidden";
    case descendant::stopped:
      return "stopped";
  }
  return "?";
}

void ignore_requests() {
  for (auto signo : {SIGTERM, SIGINT, SIGQUIT})
    std::signal(signo, SIG_IGN);
}

void tell(int ready) {
  [[maybe_unused]] auto n = ::write(ready, "", 1);
  ::close(ready);
}

[[noreturn]] void become_daemon(const orders& x, int ready) {
  if (::setsid() < 0 || ::dup2(ready, daemon_ready) < 0)
    ::_exit(unable);
  if (::fork() != 0)
    ::_exit(0);
  auto report = "report=" + x.report;
  const char* const argv[] = {"soak-daemon", "--daemon", report.c_str(),
                              nullptr};
  const char* const no_environment[] = {nullptr};
  ::execve("/proc/self/exe", const_cast<char* const*>(argv),
           const_cast<char* const*>(no_environment));
  ::_exit(unable);
}

[[noreturn]] void be(descendant kind, const orders& x, int ready) {
  std::signal(SIGHUP, SIG_IGN);
  if (!x.tree_holds) {
    auto null = ::open("/dev/null", O_RDWR);
    for (auto fd = 0; fd < 3; ++fd)
      ::dup2(null, fd);
    ::close(null);
  }
  if (kind == descendant::daemon)
    become_daemon(x, ready);
  if (kind == descendant::apart || kind == descendant::threaded
      || kind == descendant::hidden)
    ::setsid();
  if (kind == descendant::stubborn || kind == descendant::threaded)
    ignore_requests();
  if (kind == descendant::hidden)
    ::prctl(PR_SET_DUMPABLE, 0);
  report_self(x, name_of(kind));
  if (kind == descendant::threaded) {
    std::thread{[=] {
      tell(ready);
      wait_for_the_end();
    }}.detach();
    ::pthread_exit(nullptr);
  }
  tell(ready);
  if (kind == descendant::stopped)
    std::raise(SIGSTOP);
  wait_for_the_end();
}

} // namespace

void report_line(const orders& x, const char* line) {
  auto fd = ::open(x.report.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0)
    return;
  [[maybe_unused]] auto n = ::write(fd, line, std::strlen(line));
  ::close(fd);
}

void report_self(const orders& x, const char* kind) {
  char text[1024] = "";
  if (auto fd = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC); fd >= 0) {
    auto n = ::read(fd, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    ::close(fd);
  }
  // Field 3 follows the name, which may contain anything.
  auto at = std::strrchr(text, ')');
  for (auto field = 2; at != nullptr && field < 22; ++field)
    at = std::strchr(at + 1, ' ');
  auto start = at == nullptr ? 0ull : std::strtoull(at, nullptr, 10);
  char line[200];
  std::snprintf(line, sizeof(line), "pid %d %llu %s of %llu\n",
                static_cast<int>(::getpid()), start, kind,
                static_cast<unsigned long long>(x.number));
  report_line(x, line);
}

bool grow_tree(const orders& x) {
  if (x.tree.empty())
    return true;
  int ready[2];
  if (::pipe(ready) != 0)
    return false;
  for (auto kind : x.tree) {
    auto pid = ::fork();
    if (pid < 0)
      return false;
    if (pid == 0) {
      ::close(ready[0]);
      be(kind, x, ready[1]);
    }
    if (kind == descendant::daemon)
      ::waitpid(pid, nullptr, 0);
  }
  ::close(ready[1]);
  std::size_t told = 0;
  char byte;
  while (told < x.tree.size() && ::read(ready[0], &byte, 1) == 1)
    ++told;
  ::close(ready[0]);
  return told == x.tree.size();
}

bool play_daemon(int argc, char** argv) {
  if (argc < 2 || argv[1] != std::string_view{"--daemon"})
    return false;
  report_self(from_words(argc - 1, argv + 1), "daemon");
  tell(daemon_ready);
  wait_for_the_end();
}

} // namespace procession::soak
