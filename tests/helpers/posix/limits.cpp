// Spawns where the system has run out of a resource, and prints the outcome:
// `limits processes`, `limits terminals`, `limits closed`; or creates runtimes
// there until one works: `limits threads`, `limits descriptors`.
#include "../../threads.hpp"
#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>

using namespace procession;

namespace {

/// Prints a step that failed. @returns the exit code.
int unable(const char* what) {
  std::perror(what);
  return 77;
}

/// The file for answers when the standard streams are closed.
FILE* report = stdout;

struct world {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  spawner sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};

  void try_run(stdio_spec stdio, std::string program, shared_bytes input = {}) {
    command spec;
    spec.program = std::move(program);
    spec.stdio = stdio;
    auto result = run(self, sessions, spec, std::move(input));
    if (result)
      std::fprintf(report, "%s %s\n", to_string(result->status).c_str(),
                   result->out.c_str());
    else
      std::fprintf(report, "%s\n", describe(result.error()).c_str());
    std::fflush(report);
  }
};

int without_processes() {
  // The limit does not bind root.
  if (::getuid() == 0 && ::setuid(65534) != 0)
    return unable("setuid");
  // So that a leak checker may still inspect us.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  world w;
  w.try_run(pipes(), "true");
  rlimit before{};
  ::getrlimit(RLIMIT_NPROC, &before);
  rlimit limit{1, before.rlim_max};
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0)
    return unable("setrlimit");
  w.try_run(pipes(), "true");
  w.try_run(pty(), "true");
  return ::setrlimit(RLIMIT_NPROC, &before) == 0 ? 0 : unable("setrlimit");
}

std::ptrdiff_t count(const char* directory) {
  auto all = std::filesystem::directory_iterator{directory};
  return std::distance(begin(all), end(all));
}

/// Creates runtimes with a limit that rises until one works, and prints how
/// each attempt failed and what it left behind.
int make_runtimes(int resource, rlim_t lowest) {
  rlimit before{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &before);
  // A sanitizer starts a thread of its own with the first one of the program.
  std::thread{[] {}}.join();
  auto threads = static_cast<int>(test::count_threads());
  auto descriptors = count("/proc/self/fd");
  for (auto limit = lowest; limit < before.rlim_max; ++limit) {
    auto outcome = std::string{"made"};
    auto now = rlimit{limit, before.rlim_max};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &now) != 0)
      return unable("setrlimit");
    try {
      runtime rt;
    } catch (const std::system_error& x) {
      outcome = "code " + std::to_string(x.code().value()) + ": " + x.what();
    }
    ::setrlimit(static_cast<__rlimit_resource>(resource), &before);
    std::printf("%d %d %s\n", static_cast<int>(test::count_threads()) - threads,
                static_cast<int>(count("/proc/self/fd") - descriptors),
                outcome.c_str());
    if (outcome == "made")
      return 0;
  }
  return 1;
}

int without_threads() {
  // The limit does not bind root, and counts all of a user's processes.
  auto unused = static_cast<uid_t>(1'000'000 + ::getpid());
  if (::getuid() == 0 && ::setuid(unused) != 0)
    return unable("setuid");
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return make_runtimes(RLIMIT_NPROC, 1);
}

int without_terminals() {
  auto flags = CLONE_NEWNS | (::getuid() == 0 ? 0 : CLONE_NEWUSER);
  if (::unshare(flags) != 0)
    return unable("unshare");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0
      || ::mount("devpts", "/dev/pts", "devpts", 0, "max=1,ptmxmode=0666") != 0)
    return unable("mount");
  world w;
  w.try_run(pty(), "true");
  command first;
  first.program = "cat";
  first.stdio = pty();
  session hdl;
  w.self->request(w.sessions, caf::infinite, spawn_atom_v, first)
    .receive([&](session& x) { hdl = x; }, [](caf::error&) {});
  w.try_run(pty(), "true");
  w.try_run(pipes(), "true");
  return 0;
}

int without_standard_streams() {
  auto copy = ::fcntl(1, F_DUPFD_CLOEXEC, 10);
  report = ::fdopen(copy, "w");
  for (auto fd : {0, 1, 2})
    ::close(fd);
  world w;
  w.try_run(pipes(), "cat", "through pipes");
  w.try_run(pipes(stdin_kind::null), "true");
  w.try_run(pty(), "tty");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto what = std::string{argc > 1 ? argv[1] : ""};
  if (what == "processes")
    return without_processes();
  if (what == "threads")
    return without_threads();
  if (what == "descriptors")
    return make_runtimes(RLIMIT_NOFILE, 3);
  if (what == "terminals")
    return without_terminals();
  if (what == "closed")
    return without_standard_streams();
  return 2;
}
