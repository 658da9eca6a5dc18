// The keeper: `procession-keeper HOST MARKS RESOURCE [DIRECTORY]`.
//
// One per host, whose pid is HOST. It waits until the host closes the other end
// of its standard input, or is gone, ends every process of the host's sessions,
// then itself. These processes are in the cgroups below DIRECTORY, or bear one
// of the MARKS in their environment; in either case they also bear it as the
// limit of RESOURCE, unless that is -1 (see marks.hpp). The keeper has to work
// while everything around it is torn down, so it depends on nothing: it is
// linked statically and runs from memory.

#include "procession/platform/posix/cgroup_directory.hpp"
#include "procession/platform/posix/sweep.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using namespace procession::posix;

enum exit_code { ok = 0, failed = 1, bad_usage = 2 };

/// How long it waits for killed processes before it looks again, in case a
/// process was added meanwhile.
constexpr auto look_again = 1000;

/// How often it tries to remove empty cgroups.
constexpr auto max_failures = 50;

/// Waits until `fd` polls as `events`, for `timeout` milliseconds at most.
bool await(int fd, short events, int timeout) {
  auto x = pollfd{fd, events, 0};
  int n;
  while ((n = ::poll(&x, 1, timeout)) < 0 && errno == EINTR)
    continue;
  return n > 0;
}

/// Leaves all that ties it to the host and to the host's parent.
void detach() {
  // Most of this was done before exec, so that there is no gap.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::syscall(SYS_close_range, 3, ~0u, 0);
  if (::chdir("/") != 0)
    ::_exit(failed);
  // Last: a keeper that is visible by its name must be detached.
  ::prctl(PR_SET_NAME, "procession-keeper");
}

/// Returns when the host has closed standard input or is gone.
void await_end_of_host(pid_t host) {
  std::error_code ec;
  auto pidfd = open_pidfd(host, ec);
  // If the host has already gone, we have another parent. Without a pidfd,
  // standard input alone tells.
  if (::getppid() != host)
    return;
  pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
  while (::poll(fds, 2, -1) < 0 && errno == EINTR)
    continue;
  // Processes that the host forked may hold copies of its end, hence the pidfd.
  // One of them may be our own child on its way to exec, not marked before
  // that; it will not take long.
  if (fds[0].revents == 0)
    await(STDIN_FILENO, POLLIN, 100);
}

void end_marked(mark_places where, const sweep_target& target) {
  for (auto undecided = 0; undecided < max_undecided_sweeps;) {
    std::error_code ec;
    auto result = std::move(hunt(where, {target}, ec).front());
    // Processes that may not be killed are not waited for.
    if (result.found.size() == result.refused.size()) {
      if (!result.undecided && !ec)
        break;
      ::poll(nullptr, 0, 5 * ++undecided);
    }
    for (auto& x : result.found)
      if (auto pidfd = open_process(x, ec))
        if (!await(pidfd.get(), POLLIN, look_again))
          break;
  }
}

/// Ends every process in the cgroup, and those that have left it.
int end_all(const char* path, mark_places where, const sweep_target& target) {
  auto directory = open_directory(AT_FDCWD, path);
  auto events = open_cgroup_events(directory.get());
  if (events)
    kill_processes(directory.get());
  if (where.limit >= 0)
    end_marked(where, target);
  // The cgroup is gone, or the directory is not a cgroup.
  if (!events)
    return ok;
  for (auto failures = 0; failures < max_failures;) {
    if (populated(events.get())) {
      kill_processes(directory.get());
      await(events.get(), POLLPRI, look_again);
    } else if (remove_cgroup(AT_FDCWD, path)) {
      return ok;
    } else {
      ++failures;
      await(events.get(), POLLPRI, 100);
    }
  }
  return failed;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5)
    return bad_usage;
  detach();
  auto host = static_cast<pid_t>(std::atol(argv[1]));
  auto target = sweep_target{.marks = marks_from(argv[2]),
                             .since = identify(host).start};
  auto* directory = argc == 5 ? argv[4] : nullptr;
  auto where = mark_places{std::atoi(argv[3]), directory == nullptr};
  await_end_of_host(host);
  if (directory == nullptr) {
    end_marked(where, target);
    return ok;
  }
  return end_all(directory, where, target);
}
