#include "procession/platform/posix/vfork.hpp"

#include "procession/platform/posix/signals_blocked.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace procession::posix {

namespace {

// Enough for a few frames without buffers.
constexpr std::size_t stack_size = 64 * 1024;

struct entry {
  void (*f)(void*);
  void* arg;
  std::atomic<int>* visible;
  /// The kernel writes it before the child runs.
  int pidfd = -1;
};

int run_entry(void* x) {
  auto* call = static_cast<entry*>(x);
  if (call->visible != nullptr)
    call->visible->store(call->pidfd);
  call->f(call->arg);
  ::_exit(127);
}

#if defined(__x86_64__)

// clone3 has no wrapper in glibc. The child starts on another stack, which has
// no return address, so it must go on inside the assembly.
long clone3_call(clone_args* args, int (*f)(void*), void* arg) {
  long result = SYS_clone3;
  register auto r8 asm("r8") = f;
  register auto r9 asm("r9") = arg;
  asm volatile("syscall\n\t"
               "test %%rax, %%rax\n\t"
               "jnz 1f\n\t"
               "xor %%ebp, %%ebp\n\t"
               "mov %%r9, %%rdi\n\t"
               "call *%%r8\n\t"
               "hlt\n"
               "1:"
               : "+a"(result)
               : "D"(args), "S"(sizeof(clone_args)), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

#else

// Elsewhere `clone` is used, and the child moves to its cgroup by itself.
long clone3_call(clone_args*, int (*)(void*), void*) {
  return -ENOSYS;
}

#endif

} // namespace

vforked vfork_call(void (*f)(void*), void* arg, std::atomic<int>* visible,
                   int cgroup, vfork_flavour flavour, bool& in_cgroup,
                   std::error_code& ec) {
  // Allocated each time: the child abandons its frames, and a sanitizer's notes
  // about them end with the allocation.
  auto stack = std::make_unique_for_overwrite<std::byte[]>(stack_size);
  auto call = entry{f, arg, visible};
  vforked result;
  // A handler of the host in the child would change the host's memory.
  signals_blocked guard;
  if (flavour != vfork_flavour::clone) {
    clone_args args{};
    args.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
    args.exit_signal = SIGCHLD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&call.pidfd);
    args.stack = reinterpret_cast<std::uintptr_t>(stack.get());
    args.stack_size = stack_size;
    if (cgroup >= 0) {
      args.flags |= CLONE_INTO_CGROUP;
      args.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    in_cgroup = cgroup >= 0;
    auto pid = clone3_call(&args, run_entry, &call);
    if (pid > 0) {
      result.pid = static_cast<pid_t>(pid);
    } else if (flavour == vfork_flavour::clone3
               || (pid != -ENOSYS && pid != -EPERM)) {
      ec.assign(static_cast<int>(-pid), std::system_category());
      return result;
    }
  }
  if (result.pid < 0) {
    in_cgroup = false;
    result.pid = ::clone(run_entry, stack.get() + stack_size,
                         CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &call,
                         &call.pidfd);
    if (result.pid < 0) {
      ec = last_error();
      return result;
    }
  }
  // CLONE_PIDFD opens it close-on-exec. A number below 3 would take the place
  // of a standard stream that the host closed; without a copy it stays there.
  result.pidfd = unique_fd{call.pidfd};
  if (call.pidfd < 3)
    if (auto copy = ::fcntl(call.pidfd, F_DUPFD_CLOEXEC, 3); copy >= 0)
      result.pidfd.reset(copy);
  return result;
}

} // namespace procession::posix
