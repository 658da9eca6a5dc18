#include "grove.hpp"
#include "helper_program.hpp"

#include "procession/platform/posix/cgroup_place.hpp"
#include "procession/platform/posix/keeper.hpp"
#include "procession/platform/posix/marks.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

using namespace procession;
using namespace procession::test;

namespace fs = std::filesystem;

namespace {

/// A keeper with nothing to keep.
posix::keeper idle_keeper() {
  auto result = posix::keeper::start(posix::host_marks{}.keeper_args());
  if (!result)
    FAIL(to_string(result.error()));
  return std::move(*result);
}

std::string proc(const posix::keeper& x, const std::string& file) {
  return "/proc/" + std::to_string(x.pid()) + "/" + file;
}

/// Waits until the keeper has taken its name.
void await_name(const posix::keeper& x) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (posix::read_text(proc(x, "comm")) != "procession-keep\n") {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
}

bool no_child(pid_t pid) {
  siginfo_t info;
  return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                  WEXITED | WNOHANG | WNOWAIT)
           != 0
         && errno == ECHILD;
}

} // namespace

TEST_CASE("the keeper of a killed host ends its trees, then itself",
          "[containment]") {
  auto kind = to_string(every_kind());
  auto how = std::string{GENERATE("plain", "closed", "forked")};
  INFO(kind << ", " << how);
  helper_program host{"test-kept_host", {kind, how}};
  auto told = host.told({"tree", "ready"});
  REQUIRE(told.count("ready"));
  auto keeper = watch(told.at("keeper"));
  auto tree = watch(told.at("tree"));
  auto forked = how == "forked" ? watch(told.at("forked")) : posix::unique_fd{};
  REQUIRE(keeper);
  REQUIRE(tree);
  CHECK(!readable(keeper.get(), std::chrono::milliseconds{0}));
  CHECK(!readable(tree.get(), std::chrono::milliseconds{0}));
  if (kind == "cgroup")
    CHECK(fs::exists(told.at("directory")));
  host.kill();
  CHECK(readable(tree.get(), std::chrono::seconds{2}));
  CHECK(readable(keeper.get(), std::chrono::seconds{2}));
  CHECK(!fs::exists(told.at("directory")));
  if (forked) {
    CHECK(!readable(forked.get(), std::chrono::milliseconds{0}));
    posix::send_signal(forked, SIGKILL);
    CHECK(readable(forked.get()));
  }
}

TEST_CASE("the keeper of a killed host ends what is hard to end",
          "[containment]") {
  auto kind = to_string(every_kind());
  INFO(kind);
  auto fugitive = [](const std::string& how) {
    return "exec 3>&1; { " + helper("test-fugitive") + " " + how
           + "; } | while read word pid; do echo tree $pid >&3; done";
  };
  std::string script;
  SECTION("a process whose main thread has ended") {
    script = fugitive("threads");
  }
  SECTION("one that nobody may look into") {
    script = fugitive("hidden");
  }
  SECTION("one without parent, session and environment") {
    script = "(env -i setsid sh -c 'echo tree $$; exec sleep 1000' &) &";
  }
  SECTION("one that left its cgroup") {
    std::error_code ec;
    auto ours = posix::own_cgroup(ec);
    if (kind != "cgroup" || !ours)
      return;
    script = "(env -i setsid sh -c 'echo $$ >" + ours->directory
             + "/cgroup.procs && echo tree $$; exec sleep 1000' &) &";
  }
  helper_program host{"test-kept_host", {kind, "plain", script}};
  auto told = host.told({"tree", "ready"});
  REQUIRE(told.count("ready"));
  auto keeper = watch(told.at("keeper"));
  auto tree = watch(told.at("tree"));
  REQUIRE(keeper);
  REQUIRE(tree);
  host.kill();
  CHECK(readable(tree.get()));
  CHECK(readable(keeper.get()));
  CHECK(!fs::exists(told.at("directory")));
}

TEST_CASE("a keeper with few descriptors ends cgroups however deep they are",
          "[containment][limits]") {
  if (!have_cgroups())
    return;
  helper_program host{
    "test-kept_host",
    {"cgroup", "plain",
     "said=$(" + helper("test-fugitive")
       + " deep quiet &)\necho tree ${said#* }; exec sleep 1000"}};
  auto told = host.told({"tree", "ready"});
  REQUIRE(told.count("tree"));
  auto keeper = watch(told.at("keeper"));
  auto tree = watch(told.at("tree"));
  REQUIRE(tree);
  const rlimit few{20, 20};
  REQUIRE(::prlimit(std::stoi(told.at("keeper")), RLIMIT_NOFILE, &few, nullptr)
          == 0);
  host.kill();
  CHECK(readable(keeper.get()));
  CHECK(readable(tree.get(), std::chrono::milliseconds{0}));
  CHECK(!fs::exists(told.at("directory")));
}

TEST_CASE("cgroups that an ordinary user has locked are ended and removed",
          "[containment]") {
  if (!have_cgroups())
    return;
  if (::geteuid() != 0) {
    WARN("left out: only root gives a cgroup to somebody");
    return;
  }
  std::error_code ec;
  auto place = posix::own_cgroup(ec)->directory + "/procession-test-"
               + std::to_string(::getpid());
  fs::create_directory(place);
  for (auto file : {"", "/cgroup.procs", "/cgroup.subtree_control"})
    REQUIRE(::chown((place + file).c_str(), 65534, 65534) == 0);
  auto script = "said=$(" + helper("test-fugitive")
                + " sealed quiet &)\necho tree ${said#* }";
  {
    helper_program host{"test-kept_host",
                        {"cgroup", "ordinary", script, place}};
    auto told = host.told({"tree", "ended"});
    REQUIRE(told.count("tree"));
    CHECK(told["ended"] == "1 0");
    CHECK(!fs::exists(told["directory"] + "/1"));
    auto keeper = watch(told.at("keeper"));
    host.kill();
    CHECK(readable(keeper.get()));
  }
  {
    helper_program host{"test-kept_host",
                        {"cgroup", "ordinary", script + "; exec sleep 1000",
                         place}};
    auto told = host.told({"tree", "ready"});
    REQUIRE(told.count("tree"));
    auto keeper = watch(told.at("keeper"));
    auto tree = watch(told.at("tree"));
    CHECK(fs::exists(told["directory"] + "/1/below"));
    host.kill();
    CHECK(readable(keeper.get()));
    CHECK(readable(tree.get(), std::chrono::milliseconds{0}));
    CHECK(!fs::exists(told["directory"]));
  }
  CHECK(fs::remove(place));
}

TEST_CASE("leftovers of a leader that dies with the host do not stay",
          "[containment]") {
  // The keeper may come too late to see the leader.
  for (auto i = 0; i < 20; ++i) {
    helper_program host{"test-kept_host",
                        {"marker", "plain",
                         "trap '' HUP; env -i sh -c 'echo tree $$; exec sleep "
                         "1000'; exit 3"}};
    auto told = host.told({"tree", "ready"});
    REQUIRE(told.count("tree"));
    auto keeper = watch(told.at("keeper"));
    auto tree = watch(told.at("tree"));
    REQUIRE(tree);
    host.kill();
    CHECK(readable(keeper.get()));
    CHECK(readable(tree.get(), std::chrono::milliseconds{0}));
  }
}

TEST_CASE("a keeper that is let go ends at once and leaves no zombie",
          "[containment]") {
  auto begin = std::chrono::steady_clock::now();
  auto pid = pid_t{-1};
  {
    auto x = idle_keeper();
    pid = x.pid();
    CHECK(x.alive());
  }
  CHECK(no_child(pid));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{1});
}

TEST_CASE("a keeper that is let go ends what is left in the trees",
          "[containment]") {
  auto kind = every_kind();
  grove here{kind};
  auto x = here.grow("setsid sh -c 'echo ready; exec sleep 1000' &");
  REQUIRE(x.line() == "ready");
  auto made = posix::keeper::start(here.containment().keeper_args());
  REQUIRE(made);
  made = failure{};
  CHECK(x.silent());
  if (kind == containment_kind::cgroup)
    CHECK(!fs::exists(here.directory()));
  // It is gone already, which is as good.
  CHECK(here.end(x).surviving == 0);
  here.fell(x);
}

TEST_CASE("a keeper ends although a copy of the host has its lifeline too",
          "[containment]") {
  auto x = std::make_unique<posix::keeper>(idle_keeper());
  auto copy = ::fork();
  if (copy == 0)
    while (true)
      ::pause();
  auto begin = std::chrono::steady_clock::now();
  x.reset();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{1});
  ::kill(copy, SIGKILL);
  ::waitpid(copy, nullptr, 0);
}

TEST_CASE("a keeper has nothing of its host", "[containment]") {
  // Every program that the host starts inherits it, but for the keeper.
  auto inheritable = posix::unique_fd{::open("/dev/zero", O_RDONLY)};
  auto before = std::signal(SIGUSR2, SIG_IGN);
  auto x = idle_keeper();
  std::signal(SIGUSR2, before);
  await_name(x);
  SECTION("no descriptors") {
    for (auto& entry : fs::directory_iterator{proc(x, "fd")}) {
      auto target = fs::read_symlink(entry).string();
      INFO(entry.path() << " -> " << target);
      switch (std::stoi(entry.path().filename())) {
        case 0:
          CHECK(target.substr(0, 7) == "socket:");
          break;
        case 1:
        case 2:
          CHECK(target == "/dev/null");
          break;
        default:
          // The host's pidfd, by which the keeper sees that it lives.
          CHECK(target == "anon_inode:[pidfd]");
          break;
      }
    }
  }
  SECTION("no environment, no working directory") {
    CHECK(posix::read_text(proc(x, "environ")).empty());
    CHECK(fs::read_symlink(proc(x, "cwd")) == "/");
  }
  SECTION("no session, no dispositions of signals") {
    CHECK(::getsid(x.pid()) == x.pid());
    CHECK(posix::read_text(proc(x, "status")).find("SigIgn:\t0000000000000000")
          != std::string::npos);
  }
}

TEST_CASE("a keeper does not end by a signal that means its host",
          "[containment][signals]") {
  auto x = idle_keeper();
  for (auto signo : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1})
    REQUIRE(::kill(x.pid(), signo) == 0);
  // By now it has passed the place where the signals could have killed it.
  await_name(x);
  CHECK(x.alive());
}

TEST_CASE("a keeper that was killed is noticed and reaped", "[containment]") {
  auto x = idle_keeper();
  auto pidfd = watch(std::to_string(x.pid()));
  ::kill(x.pid(), SIGKILL);
  REQUIRE(readable(pidfd.get()));
  CHECK(!x.alive());
  CHECK(!x.alive());
  CHECK(no_child(x.pid()));
  x = idle_keeper();
  CHECK(x.alive());
}

TEST_CASE("a keeper replaced by another one is ended", "[containment]") {
  auto x = idle_keeper();
  auto first = x.pid();
  x = idle_keeper();
  CHECK(no_child(first));
  CHECK(x.alive());
}

TEST_CASE("a keeper that cannot be started is an error with its stage",
          "[containment]") {
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto none = before;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  auto result = posix::keeper::start(posix::host_marks{}.keeper_args());
  ::setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(!result);
  auto& why = result.error();
  CHECK(why.code == errc::out_of_descriptors);
  CHECK(why.detail.at == stage::contain);
  CHECK(why.detail.os_code == EMFILE);
}
