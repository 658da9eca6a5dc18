#include "helper_program.hpp"

#include "procession/platform/posix/close_descriptors.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns the output of tests/helpers/posix/forbidden.cpp; empty if this
/// machine cannot run it.
std::string outcome_of(int os_code, std::vector<std::string> calls) {
  calls.insert(calls.begin(), std::to_string(os_code));
  helper_program helper{"test-forbidden", std::move(calls)};
  std::string line;
  helper.read_line(line);
  auto code = helper.wait();
  if (code == 77) {
    WARN("skipped here: " << line);
    return {};
  }
  CHECK(code == 0);
  return line;
}

/// Forbids two calls to this process, which should be a forked one.
bool forbid(int first, int second) {
  sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(first), 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(second), 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{5, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
         && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

} // namespace

TEST_CASE("programs start where a filter forbids what there is another way for",
          "[start][limits]") {
  auto os_code = GENERATE(EPERM, ENOSYS, EACCES);
  auto calls = GENERATE(std::vector<std::string>{"close_range"},
                        std::vector<std::string>{"memfd_create"},
                        std::vector<std::string>{"execveat"},
                        std::vector<std::string>{"close_range", "memfd_create",
                                                 "execveat"});
  INFO(calls.front() << " and " << calls.size() - 1 << " more: " << os_code);
  auto line = outcome_of(os_code, calls);
  if (line.empty())
    return;
  CHECK(line.rfind("exit code 0 0 1 2", 0) == 0);
  CHECK(line.find("200") == std::string::npos);
}

TEST_CASE("a start that needs a forbidden call fails with its name",
          "[start][limits]") {
  auto line = outcome_of(EPERM, {"clone_pidfd"});
  if (line.empty())
    return;
  INFO(line);
  CHECK(line.find("CLONE_PIDFD") != std::string::npos);
  CHECK(line.find("Operation not permitted") != std::string::npos);
}

TEST_CASE("descriptors are closed by whatever way is left", "[start][limits]") {
  struct way {
    int first;
    int second;
  };
  auto [first, second] = GENERATE(way{-1, -1}, way{SYS_close_range, -1},
                                  way{SYS_close_range, SYS_getdents64},
                                  way{SYS_close_range, SYS_openat});
  auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    auto null = ::open("/dev/null", O_RDONLY);
    // More than one buffer's worth.
    for (auto fd = 100; fd < 400; ++fd)
      ::dup2(null, fd);
    auto wrong = 0;
    if (!forbid(first, second))
      ::_exit(100);
    if (posix::close_descriptors(100, 149) != 0
        || posix::close_descriptors(151, ~0u) != 0)
      ::_exit(101);
    for (auto fd = 100; fd < 400; ++fd)
      wrong += is_open(fd) != (fd == 150) ? 1 : 0;
    wrong += is_open(null) ? 0 : 1;
    ::_exit(wrong);
  }
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) == 0);
  CHECK(info.si_code == CLD_EXITED);
  CHECK(info.si_status == 0);
}
