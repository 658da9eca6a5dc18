#include "grove.hpp"
#include "helper_program.hpp"

#include "procession/messages/session.hpp"
#include "procession/platform/posix/cgroup_place.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

using namespace procession;
using namespace procession::test;

namespace {

/// Waits until a process that is not our child has ended.
bool gone_by(pid_t pid, std::chrono::steady_clock::time_point deadline) {
  std::error_code ec;
  auto pidfd = posix::open_pidfd(pid, ec);
  if (!pidfd)
    return true;
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
    deadline - std::chrono::steady_clock::now());
  pollfd entry{pidfd.get(), POLLIN, 0};
  return ::poll(&entry, 1, std::max(0, static_cast<int>(left.count()))) == 1;
}

/// Waits for a child of the host that is a keeper other than `other`.
pid_t keeper_of(pid_t host, pid_t other) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (std::chrono::steady_clock::now() < deadline) {
    for (auto& task : std::filesystem::directory_iterator{
           "/proc/" + std::to_string(host) + "/task"}) {
      std::istringstream children{
        posix::read_text(task.path().string() + "/children")};
      for (pid_t pid; children >> pid;)
        // A keeper takes this name once it is ready.
        if (pid != other
            && posix::read_text("/proc/" + std::to_string(pid) + "/comm")
                 == "procession-keep\n")
          return pid;
    }
    std::this_thread::yield();
  }
  return -1;
}

} // namespace

TEST_CASE("a keeper that was killed is replaced, and the next one as good",
          "[containment]") {
  auto containment = GENERATE("best", "marker");
  helper_program host{"test-host", {containment}};
  std::vector<posix::unique_fd> processes;
  std::error_code ec;
  std::string line;
  while (host.read_line(line) && line != "ready")
    processes.push_back(posix::open_pidfd(std::stoi(line), ec));
  REQUIRE(line == "ready");
  auto first = keeper_of(host.pid(), 0);
  REQUIRE(::kill(first, SIGKILL) == 0);
  auto second = posix::open_pidfd(keeper_of(host.pid(), first), ec);
  REQUIRE(second);
  host.kill();
  CHECK(readable(second.get()));
  for (auto& x : processes)
    CHECK(readable(x.get(), std::chrono::milliseconds{0}));
}

TEST_CASE("a host that is killed leaves no descendant within two seconds",
          "[containment]") {
  auto containment = GENERATE("best", "marker", "runner");
  helper_program host{"test-host", {containment}};
  std::vector<pid_t> pids;
  std::string line;
  while (host.read_line(line) && line != "ready")
    pids.push_back(std::stoi(line));
  REQUIRE(line == "ready");
  REQUIRE(pids.size() == 8);
  std::error_code ec;
  for (auto pid : pids)
    CHECK(posix::open_pidfd(pid, ec));
  host.kill();
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
  for (auto pid : pids) {
    INFO("pid " << pid);
    CHECK(gone_by(pid, deadline));
  }
}
