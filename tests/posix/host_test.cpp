#include "helper_program.hpp"

#include "procession/messages/session.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

#include <chrono>

using namespace procession;
using namespace procession::test;

namespace {

/// Waits for the end of a process that is not our child.
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

} // namespace

TEST_CASE("a host that is killed leaves no descendant within two seconds") {
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
