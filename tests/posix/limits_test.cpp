#include "helper_program.hpp"

#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

using namespace procession;
using namespace procession::test;

namespace {

/// Returns the lines that tests/helpers/posix/limits.cpp printed.
std::vector<std::string> lines_of(const char* what) {
  helper_program helper{"test-limits", {what}};
  std::vector<std::string> result;
  std::string line;
  while (helper.read_line(line))
    result.push_back(line);
  auto code = helper.wait();
  if (code == 77)
    WARN("not available here: " << (result.empty() ? "" : result.back()));
  else
    CHECK(code == 0);
  return code == 77 ? std::vector<std::string>{} : result;
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

/// Lets this process have only `left` more descriptors.
class few_descriptors {
public:
  explicit few_descriptors(std::size_t left) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The lowest free number is given first, so a limit alone leaves holes.
    rlimit limit{static_cast<rlim_t>(highest_descriptor()) + 1 + left,
                 before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    for (;;) {
      posix::unique_fd fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      if (!fd)
        break;
      held_.push_back(std::move(fd));
    }
    held_.resize(held_.size() - left);
  }

  ~few_descriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

private:
  static int highest_descriptor() {
    auto result = 0;
    for (auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
      result = std::max(result, std::stoi(entry.path().filename()));
    return result;
  }

  rlimit before_{};
  std::vector<posix::unique_fd> held_;
};

} // namespace

TEST_CASE("a spawn without descriptors fails cleanly and a later one works",
          "[limits][start]") {
  config cfg;
  runtime rt;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  command spec;
  spec.program = "true";
  spec.stdio = GENERATE(pipes(), pty(), pipes(stdin_kind::null), merged());
  REQUIRE(run(self, sessions, spec));
  auto before = count_entries("/proc/self/fd");
  // This session uses up what a later spawn would reuse, above all its cgroup.
  session other;
  command cat;
  cat.program = "cat";
  self->request(sessions, caf::infinite, spawn_atom_v, cat)
    .receive([&](session& x) { other = std::move(x); },
             [&](caf::error& x) { FAIL(describe(x)); });
  auto failed = 0;
  auto worked = 0;
  // From none to enough, so that each step of a spawn fails once.
  for (std::size_t left = 0; left < 16; ++left) {
    auto result = [&] {
      few_descriptors guard{left};
      return run(self, sessions, spec);
    }();
    if (result) {
      ++worked;
    } else {
      INFO(describe(result.error()));
      // A number that was enough once is enough again.
      CHECK(worked == 0);
      CHECK(is(result.error(), errc::out_of_descriptors));
      CHECK(detail_of(result.error()).os_code == EMFILE);
      ++failed;
    }
    CHECK(zombies().empty());
  }
  // The pipes alone need three, and a cgroup one more.
  CHECK(failed >= (rt.containment() == containment_kind::cgroup ? 4 : 3));
  CHECK(worked > 0);
  self->send(other, terminate_atom_v);
  self->request(other, caf::infinite, wait_atom_v, session_state::closed)
    .receive([](session_info&) {}, [&](caf::error& x) { FAIL(describe(x)); });
  CHECK(count_entries("/proc/self/fd") == before);
}

TEST_CASE("a spawn beyond the limit on processes is refused by name",
          "[limits][start]") {
  auto lines = lines_of("processes");
  if (lines.empty())
    return;
  REQUIRE(lines.size() == 3);
  CHECK(starts_with(lines[0], "exit code 0"));
  CHECK(starts_with(lines[1], "out_of_processes at fork"));
  CHECK(starts_with(lines[2], "out_of_processes at fork"));
}

TEST_CASE("a runtime that cannot be made throws, and leaves nothing",
          "[limits][start]") {
  auto [what, code] = GENERATE(
    table<const char*, int>({{"threads", EAGAIN}, {"descriptors", EMFILE}}));
  INFO(what);
  auto lines = lines_of(what);
  if (lines.empty())
    return;
  CHECK(lines.size() > 1);
  CHECK(lines.back() == "0 0 made");
  lines.pop_back();
  for (auto& line : lines) {
    INFO(line);
    CHECK(starts_with(line, "0 0 code " + std::to_string(code) + ": "));
    auto text = std::string{std::strerror(code)};
    auto at = line.find(text);
    CHECK(at != std::string::npos);
    CHECK(line.find(text, at + 1) == std::string::npos);
  }
}

TEST_CASE("a spawn without a free terminal is refused by name",
          "[limits][start]") {
  auto lines = lines_of("terminals");
  if (lines.empty())
    return;
  REQUIRE(lines.size() == 3);
  CHECK(starts_with(lines[0], "exit code 0"));
  CHECK(starts_with(lines[1], "no_pty_left at open_pty"));
  CHECK(starts_with(lines[2], "exit code 0"));
}

TEST_CASE("a host without standard streams spawns like any other",
          "[limits][start]") {
  auto lines = lines_of("closed");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "exit code 0 through pipes");
  CHECK(lines[1] == "exit code 0 ");
  CHECK(starts_with(lines[2], "exit code 0 /dev/pts/"));
}
