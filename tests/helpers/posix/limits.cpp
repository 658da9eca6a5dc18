// Spawns where the system has run out of something, and prints what comes of
// it: `limits processes`, `limits terminals`, `limits closed`.
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
#include <string>

using namespace procession;

namespace {

/// Says what it is about to do and cannot.
int unable(const char* what) {
  std::perror(what);
  return 77;
}

/// Where answers go when the standard streams are closed.
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
      std::fprintf(report, "%s\n", sys.render(result.error()).c_str());
    std::fflush(report);
  }
};

int without_processes() {
  // The limit does not hold for root.
  if (::getuid() == 0 && ::setuid(65534) != 0)
    return unable("setuid");
  // So that a leak checker may look at us still.
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
  w.try_run(pipes_no_stdin(), "true");
  w.try_run(pty(), "tty");
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  auto what = std::string{argc > 1 ? argv[1] : ""};
  if (what == "processes")
    return without_processes();
  if (what == "terminals")
    return without_terminals();
  if (what == "closed")
    return without_standard_streams();
  return 2;
}
