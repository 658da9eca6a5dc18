// Spawns where a filter forbids system calls, as sandboxes do: `forbidden ERRNO
// CALL...`. It prints the outcome of a program that lists its descriptors; the
// host has one that every program would inherit.
#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <vector>

using namespace procession;

namespace {

const std::map<std::string, std::uint32_t> calls{
  {"close_range", SYS_close_range},       {"execveat", SYS_execveat},
  {"memfd_create", SYS_memfd_create},     {"pidfd_open", SYS_pidfd_open},
  {"timerfd_create", SYS_timerfd_create},
};

/// Forbids a call; `clone_pidfd` stands for every call that creates a process
/// with a pidfd, but not a thread.
void forbid(std::vector<sock_filter>& code, const std::string& call,
            std::uint32_t os_code) {
  const auto deny = sock_filter BPF_STMT(BPF_RET | BPF_K,
                                         SECCOMP_RET_ERRNO | os_code);
  if (call != "clone_pidfd") {
    code.insert(code.end(),
                {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls.at(call), 0, 1),
                 deny});
    return;
  }
  // A filter cannot see the flags of clone3; without it libc uses clone.
  const std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS;
  code.insert(
    code.end(),
    {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
     BPF_STMT(BPF_RET | BPF_K, no_such_call),
     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_PIDFD, 0, 1), deny,
     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))});
}

bool install(std::vector<sock_filter> code) {
  sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
         && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void try_run() {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  command spec;
  spec.program = "/bin/sh";
  spec.args = {"-c", "cd /proc/self/fd; echo *"};
  auto result = run(self, sessions, spec);
  if (result)
    std::printf("%s %s\n", to_string(result->status).c_str(),
                result->out.c_str());
  else
    std::printf("%s\n", describe(result.error()).c_str());
}

} // namespace

int main(int argc, char** argv) {
  std::vector<sock_filter> code{
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (auto i = 2; i < argc; ++i)
    forbid(code, argv[i], static_cast<std::uint32_t>(std::stoi(argv[1])));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  ::dup2(::open("/dev/null", O_RDONLY), 200);
  if (!install(std::move(code))) {
    std::perror("seccomp");
    return 77;
  }
  try {
    try_run();
  } catch (const std::exception& x) {
    std::printf("%s\n", x.what());
  }
  return 0;
}
