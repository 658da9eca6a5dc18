#include "grove.hpp"
#include "helper_program.hpp"

#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/marks.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>

using namespace procession;
using namespace procession::test;

namespace fs = std::filesystem;

namespace {

constexpr int resources[] = {RLIMIT_LOCKS, RLIMIT_RTTIME, RLIMIT_RSS};

std::string in_quotes(const std::string& x) {
  std::string result = "'";
  for (auto c : x)
    result += c == '\'' ? "'\\''" : std::string{c};
  return result + "'";
}

/// Returns the shell command of a host that contains by marks.
std::string kept_host(const std::string& how, const std::string& script) {
  return helper("test-kept_host") + " marker " + how + " " + in_quotes(script);
}

bool alive(const posix::unique_fd& pidfd) {
  return pidfd && !readable(pidfd.get(), std::chrono::milliseconds{0});
}

} // namespace

TEST_CASE("a mark is read from the limits of a process", "[containment]") {
  auto text = posix::read_text("/proc/self/limits");
  for (auto resource : resources) {
    rlimit ours;
    ::getrlimit(static_cast<__rlimit_resource>(resource), &ours);
    auto expected = ours.rlim_max == RLIM_INFINITY ? 0 : ours.rlim_max;
    CHECK(posix::hard_limit(text, resource) == expected);
  }
  auto line = std::string{
    "Limit                     Soft Limit           Hard Limit           "
    "Units\n"
    "Max file locks            unlimited            4611686018427387905  locks "
    "    \n"
    "Max realtime timeout      17                   unlimited            us\n"};
  CHECK(posix::hard_limit(line, RLIMIT_LOCKS) == (1ull << 62) + 1);
  CHECK(posix::hard_limit(line, RLIMIT_RTTIME) == 0);
  CHECK(posix::hard_limit(line, RLIMIT_RSS) == 0);
  CHECK(posix::hard_limit("", RLIMIT_LOCKS) == 0);
  CHECK(posix::hard_limit("x\nMax file locks ", RLIMIT_LOCKS) == 0);
}

TEST_CASE("marks are a host's own and each in use once", "[containment]") {
  posix::host_marks here;
  posix::host_marks there;
  auto all = here.all();
  CHECK(!there.all().contains(all.first));
  auto first = here.take();
  auto second = here.take();
  CHECK(first != second);
  CHECK(all.contains(first));
  CHECK(all.contains(second));
  for (auto mark : {first, second}) {
    auto entry = posix::environment_entry(mark);
    CHECK(posix::mark_of_entry(entry) == mark);
    // The variable may stand before others.
    CHECK(posix::mark_of_entry(entry.substr(1)) == 0);
    CHECK(here.limit(mark).hard == mark);
    CHECK(here.limit(mark).soft <= mark);
  }
  auto args = here.keeper_args();
  auto told = posix::marks_from(args.at(0).c_str());
  CHECK(told.first == all.first);
  CHECK(told.last == all.last);
}

TEST_CASE("hosts in sessions of hosts mark what is theirs, and no more",
          "[containment]") {
  // If these limits are set already, a host marks the environment only.
  posix::host_marks ours;
  if (ours.resource() != RLIMIT_LOCKS) {
    WARN("left out: no limit of ours is free for three marks");
    return;
  }
  auto innermost = std::string{
    "env -i sh -c 'echo innermost $$; exec sleep 1000'"};
  SECTION("three at a time") {
    helper_program outer{"test-kept_host",
                         {"marker", "plain",
                          kept_host("plain", kept_host("plain", innermost))}};
    auto pid = outer.told({"innermost"})["innermost"];
    REQUIRE(!pid.empty());
    auto text = posix::read_text("/proc/" + pid + "/limits");
    std::set<std::uint64_t> marks;
    for (auto resource : resources)
      marks.insert(posix::hard_limit(text, resource));
    CHECK(marks.size() == 3);
    CHECK(marks.count(0) == 0);
    auto last = watch(pid);
    REQUIRE(last);
    outer.kill();
    CHECK(readable(last.get()));
  }
  SECTION("the end of a session takes those inside of it along") {
    grove here{containment_kind::marker};
    auto x = here.grow("env -i " + kept_host("plain", innermost) + " &");
    auto line = x.line();
    while (!line.empty() && line.substr(0, 10) != "innermost ")
      line = x.line();
    REQUIRE(!line.empty());
    auto last = watch(line.substr(10));
    CHECK(alive(last));
    REQUIRE(x.leader_ended());
    CHECK(here.end(x).surviving == 0);
    CHECK(readable(last.get(), std::chrono::milliseconds{0}));
    CHECK(x.silent());
    here.fell(x);
  }
  SECTION("the end of one inside leaves the others alone") {
    // The inner host starts two: one that it ends, and one that it does not
    // know of.
    auto inner = kept_host("ending",
                           "echo $(env -i setsid sh -c 'echo inner $$; "
                           "exec sleep 1000 >/dev/null' &)");
    helper_program outer{"test-kept_host",
                         {"marker", "plain",
                          "(env -i setsid sh -c 'echo beside $$; exec sleep "
                          "1000' &)\n"
                            + inner}};
    auto told = outer.told({"beside", "inner", "ended"});
    REQUIRE(told.size() >= 3);
    CHECK(told.at("ended") == "1 0");
    auto inside = watch(told.at("inner"));
    CHECK(!alive(inside));
    auto beside = watch(told.at("beside"));
    CHECK(alive(beside));
    outer.kill();
    CHECK(readable(beside.get()));
  }
}

TEST_CASE("a process that may not be killed is counted and not waited for",
          "[containment]") {
  if (::geteuid() != 0) {
    WARN("left out: only root makes a program that runs as root");
    return;
  }
  auto directory = fs::temp_directory_path()
                   / ("marks-test-" + std::to_string(::getpid()));
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms{0755});
  auto program = directory / "fugitive";
  fs::copy_file(helper("test-fugitive"), program);
  fs::permissions(program, fs::perms{04755});
  {
    helper_program outer{"test-kept_host",
                         {"marker", "ordinary",
                          "said=$(" + program.string()
                            + " root quiet &)\necho ${said:-fugitive}"}};
    auto told = outer.told({"fugitive", "ended"});
    REQUIRE(told.count("fugitive"));
    if (auto pid = told.at("fugitive"); pid.empty()) {
      WARN("left out: programs are not run as their owner there");
    } else {
      CHECK(told.at("ended") == "0 1");
      ::kill(std::stoi(pid), SIGKILL);
    }
  }
  fs::remove_all(directory);
}
