// A process that is not easily found or killed: `fugitive HOW [quiet]`. It
// leaves its process group and ignores SIGTERM, prints "fugitive PID" (and
// closes its output if it is to be quiet) and waits. With HOW
//   threads  its main thread has ended, another one runs,
//   hidden   only root may look into it (PR_SET_DUMPABLE, prctl(2)),
//   deep     it is in the last of 700 cgroups, each below the one before,
//   sealed   it is in a cgroup below one that its owner may not write to,
//   root     it becomes root completely, if it is allowed to,
//   storm    it is many, each of which forks and ends, in a session of its own,
//            ten thousand times in all. The last one then waits for a minute.
#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/fd.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

namespace posix = procession::posix;

namespace {

constexpr auto storm_size = 250;

bool quiet = false;

void tell() {
  ::dprintf(1, "fugitive %d\n", static_cast<int>(::getpid()));
  if (quiet)
    ::close(1);
}

[[noreturn]] void wait() {
  while (true)
    ::pause();
}

/// Returns whether the main thread is a zombie.
bool headless() {
  auto path = "/proc/self/task/" + std::to_string(::getpid()) + "/stat";
  auto* file = std::fopen(path.c_str(), "r");
  char text[400] = {};
  auto read = file != nullptr && std::fgets(text, sizeof(text), file);
  if (file != nullptr)
    std::fclose(file);
  auto* name_end = read ? std::strrchr(text, ')') : nullptr;
  return name_end != nullptr && name_end[2] == 'Z';
}

void* outlive(void*) {
  while (!headless())
    ::sched_yield();
  tell();
  wait();
}

/// Moves into a cgroup that many levels below its own.
bool descend(int depth) {
  std::error_code ec;
  auto own = posix::own_cgroup(ec);
  auto ok = own && ::chdir(own->directory.c_str()) == 0;
  for (auto i = 0; ok && i < depth; ++i)
    ok = ::mkdir("below", 0755) == 0 && ::chdir("below") == 0;
  auto file = posix::unique_fd{ok ? ::open("cgroup.procs", O_WRONLY | O_CLOEXEC)
                                  : -1};
  return file && ::write(file.get(), "0", 1) == 1;
}

/// The number of processes that a storm creates in all: a third of a system's
/// default limit. Once its head was killed, its dead are reaped by the adopter
/// of orphans, which may be slow.
constexpr auto max_hops = 10'000;

/// @param gate is not readable before the storm begins.
[[noreturn]] void hop(std::atomic<int>& hops, const posix::unique_fd& gate) {
  char none;
  static_cast<void>(::read(gate.get(), &none, 1));
  while (hops++ < max_hops) {
    ::setsid();
    if (::fork() > 0)
      ::_exit(0);
  }
  // As a last guard against a test that does not end it.
  ::alarm(60);
  wait();
}

} // namespace

int main(int argc, char** argv) {
  auto how = std::string{argc > 1 ? argv[1] : ""};
  quiet = argc > 2;
  std::signal(SIGTERM, SIG_IGN);
  ::setpgid(0, 0);
  if (how == "threads") {
    pthread_t thread;
    if (::pthread_create(&thread, nullptr, outlive, nullptr) != 0)
      return 1;
    ::pthread_exit(nullptr);
  }
  if (how == "hidden" && ::prctl(PR_SET_DUMPABLE, 0) != 0)
    return 1;
  if (how == "deep" && !descend(700))
    return 1;
  if (how == "sealed" && (!descend(1) || ::chmod("..", 0500) != 0))
    return 1;
  if (how == "root" && ::setresuid(0, 0, 0) != 0)
    return 1;
  if (how == "storm") {
    // The process that adopts orphans here may be slow.
    std::signal(SIGCHLD, SIG_IGN);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
      return 1;
    auto* shared = ::mmap(nullptr, sizeof(std::atomic<int>),
                          PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    if (shared == MAP_FAILED)
      return 1;
    auto& hops = *new (shared) std::atomic<int>{0};
    std::error_code ec;
    auto gate = posix::make_pipe(ec);
    if (ec)
      return 1;
    for (auto i = 0; i < storm_size; ++i)
      if (::fork() == 0) {
        gate.write.reset();
        hop(hops, gate.read);
      }
    // A waiting test does not have to wait for the end of the storm.
    tell();
    gate.write.reset();
    wait();
  }
  tell();
  wait();
}
