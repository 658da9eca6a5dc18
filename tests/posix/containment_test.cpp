#include "grove.hpp"

#include "procession/platform/posix/cgroup_place.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

using namespace procession;
using namespace procession::test;

namespace fs = std::filesystem;

namespace {

/// Takes every descriptor that this process may have, during its lifetime.
class no_descriptors {
public:
  /// @param left the number of descriptors that stay free.
  explicit no_descriptors(std::size_t left = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto few = before_;
    few.rlim_cur = 100;
    ::setrlimit(RLIMIT_NOFILE, &few);
    while (true) {
      auto fd = posix::unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
      if (!fd)
        break;
      taken_.push_back(std::move(fd));
    }
    taken_.resize(taken_.size() - left);
  }

  ~no_descriptors() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

private:
  rlimit before_;
  std::vector<posix::unique_fd> taken_;
};

/// Ends a tree whose leader has ended, and checks that nothing is left of it.
void check_end(grove& where, grown_tree& x) {
  REQUIRE(x.leader_ended());
  CHECK(where.end(x).surviving == 0);
  CHECK(x.silent());
  // The leader is not reaped: that is up to its owner.
  CHECK(::kill(x.leader, 0) == 0);
  where.fell(x);
}

} // namespace

TEST_CASE("ending a tree kills every process of it, wherever it went",
          "[containment]") {
  grove here{every_kind()};
  SECTION("one in a session of its own") {
    auto x = here.grow("setsid sh -c 'echo ready; exec sleep 1000' & read x");
    // The leader's input is empty, so it ends at once.
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("an orphan in a session of its own") {
    auto x = here.grow("(setsid sh -c 'echo ready; exec sleep 1000' &) &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one without environment in the leader's session") {
    auto x = here.grow("env -i sh -c 'echo ready; exec sleep 1000' &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one without environment below one that has it") {
    auto x = here.grow(
      "setsid sh -c 'env -i setsid sh -c \"echo ready; exec sleep 1000\" & "
      "wait' &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one without environment that shares a session with one that has") {
    auto x = here.grow("setsid sh -c '(env -i sh -c \"echo ready; exec sleep "
                       "1000\" &); exec sleep 1000' &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one that is stopped") {
    auto x = here.grow("setsid sh -c 'echo ready; kill -STOP $$' &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one that never stays the same process") {
    auto x = here.grow("export HOP='setsid sh -c \"$HOP\" &'\n"
                       "sh -c \"$HOP\"; echo ready");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("many that multiply") {
    auto x = here.grow(
      "export GROW='n=$((n - 1)); [ $n -gt 0 ] && { setsid sh -c \"$GROW\" & "
      "setsid sh -c \"$GROW\" & }; echo one; exec sleep 1000'\n"
      "n=8; export n; setsid sh -c \"$GROW\" &");
    REQUIRE(x.line() == "one");
    check_end(here, x);
  }
}

TEST_CASE("a process is killed although its main thread has ended",
          "[containment]") {
  grove here{every_kind()};
  auto x = here.grow(helper("test-fugitive") + " threads & read x");
  REQUIRE(x.line().substr(0, 9) == "fugitive ");
  SECTION("when it is signalled") {
    here.signal(x, SIGKILL);
    CHECK(x.silent());
  }
  SECTION("when it did not end for being asked") {
    REQUIRE(x.leader_ended());
    auto result = here.end(x, posix::ending::ask, std::chrono::milliseconds{9});
    CHECK(result.ended == 1);
    CHECK(result.surviving == 0);
    CHECK(x.silent());
    here.fell(x);
    return;
  }
  check_end(here, x);
}

TEST_CASE("a process without its parent, session and environment is killed",
          "[containment]") {
  grove here{every_kind()};
  SECTION("a plain program") {
    auto x = here.grow(
      "(env -i setsid sh -c 'echo ready; exec sleep 1000' &) &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one that wrote another mark over its own") {
    auto x = here.grow("for entry in $(env | grep ^PROCESSION_SESSION_); do\n"
                       "  export \"${entry%=*}=12345\"\n"
                       "done\n"
                       "(setsid sh -c 'echo ready; exec sleep 1000' &) &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one that nobody may look into") {
    auto x = here.grow("(env -i setsid " + helper("test-fugitive")
                       + " hidden &) &");
    REQUIRE(x.line().substr(0, 9) == "fugitive ");
    check_end(here, x);
  }
  SECTION("one of another user") {
    if (::geteuid() != 0) {
      WARN("left out: only root becomes another user");
      return;
    }
    auto x = here.grow("(env -i setsid setpriv --reuid 65534 --regid 65534 "
                       "--clear-groups sh -c 'echo ready; exec sleep 1000' &) "
                       "&");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
  }
  SECTION("one in namespaces of its own") {
    auto x = here.grow("(env -i setsid unshare -Upf sh -c "
                       "'echo ready; exec sleep 1000' || echo none) & wait");
    auto line = x.line();
    if (line == "none")
      WARN("left out: namespaces are not available");
    else
      REQUIRE(line == "ready");
    here.signal(x, SIGKILL);
    ::kill(x.leader, SIGKILL);
    check_end(here, x);
  }
}

TEST_CASE("a storm of forks is ended, and holds up no spawn", "[containment]") {
  grove here{every_kind()};
  auto x = here.grow("env -i " + helper("test-fugitive") + " storm & read x");
  REQUIRE(x.line().substr(0, 9) == "fugitive ");
  REQUIRE(x.leader_ended());
  auto result = here.begin_end(x);
  // An end that does not need the launcher leaves it to others.
  auto ended = here.on_launcher([&] {
    return result.wait_for(std::chrono::seconds{30})
           == std::future_status::ready;
  });
  REQUIRE(ended);
  CHECK(result.get().surviving == 0);
  CHECK(x.silent());
  here.fell(x);
}

TEST_CASE("a tree of which only the leader's zombie is left ends at once",
          "[containment]") {
  grove here{every_kind()};
  auto x = here.grow("exit 0");
  REQUIRE(x.leader_ended());
  auto begin = std::chrono::steady_clock::now();
  CHECK(here.end(x).surviving == 0);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{1});
  here.fell(x);
}

TEST_CASE("leftovers of a tree are asked to end, and killed in the end",
          "[containment]") {
  constexpr auto for_ever = std::chrono::nanoseconds::max();
  grove here{every_kind()};
  auto polite = std::string{"setsid sh -c 'trap \"echo told; exit\" TERM\n"
                            "echo ready; while :; do kill -STOP $$; done' &"};
  auto deaf = std::string{"setsid sh -c 'trap \"\" TERM; echo ready\n"
                          "exec sleep 1000' &"};
  SECTION("even if it is stopped, and waited for as long as it takes") {
    auto x = here.grow(polite);
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
    auto result = here.end(x, posix::ending::ask, for_ever);
    CHECK(x.line() == "told");
    CHECK(x.silent());
    CHECK(result.ended == 1);
    CHECK(result.surviving == 0);
    here.fell(x);
  }
  SECTION("what does not end is killed after the grace") {
    auto x = here.grow(deaf);
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
    auto result = here.end(x, posix::ending::ask, std::chrono::milliseconds{9});
    CHECK(x.silent());
    CHECK(result.ended == 1);
    CHECK(result.surviving == 0);
    here.fell(x);
  }
  SECTION("or when there is no more patience") {
    auto x = here.grow(deaf);
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
    auto result = here.begin_end(x, posix::ending::ask, for_ever);
    here.on_reactor([&] { x.tree->kill(); });
    REQUIRE(result.wait_for(std::chrono::seconds{10})
            == std::future_status::ready);
    CHECK(result.get().ended == 1);
    CHECK(x.silent());
    // Too late, which does no harm.
    here.on_reactor([&] { x.tree->kill(); });
    here.fell(x);
  }
  SECTION("what was asked before is only waited for") {
    auto x = here.grow(polite);
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
    auto result = here.begin_end(x, posix::ending::wait, for_ever);
    here.on_reactor([&] { x.tree->kill(); });
    REQUIRE(result.wait_for(std::chrono::seconds{10})
            == std::future_status::ready);
    CHECK(result.get().ended == 1);
    CHECK(x.line().empty());
    here.fell(x);
  }
  SECTION("who comes after the question is waited for and not asked") {
    auto x = here.grow(
      "export LATE='trap \"echo asked\" TERM; sleep .1; echo cleaned'\n"
      "setsid sh -c 'trap \"sh -c \\\"\\$LATE\\\" & exit\" TERM; echo ready\n"
      "while :; do kill -STOP $$; done' &");
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
    CHECK(here.end(x, posix::ending::ask, for_ever).surviving == 0);
    CHECK(x.line() == "cleaned");
    here.fell(x);
  }
  SECTION("when nothing is left nothing is done") {
    auto x = here.grow("exit 0");
    REQUIRE(x.leader_ended());
    auto result = here.end(x, posix::ending::ask, for_ever);
    CHECK(result.ended == 0);
    CHECK(result.surviving == 0);
    here.fell(x);
  }
}

TEST_CASE("trees that end together all end, each alone", "[containment]") {
  grove here{every_kind()};
  std::vector<grown_tree> trees;
  for (auto i = 0; i < 20; ++i)
    trees.push_back(here.grow("setsid sh -c 'echo ready; exec sleep 1000' &"));
  auto bystander = here.grow(
    "setsid sh -c 'echo ready; exec cat /dev/zero' & read x");
  std::vector<std::future<posix::tree_end>> ends;
  for (auto& x : trees) {
    REQUIRE(x.line() == "ready");
    REQUIRE(x.leader_ended());
  }
  for (auto& x : trees)
    ends.push_back(here.begin_end(x));
  for (auto& x : ends) {
    REQUIRE(x.wait_for(std::chrono::seconds{10}) == std::future_status::ready);
    CHECK(x.get().ended == 1);
  }
  for (auto& x : trees) {
    CHECK(x.silent());
    here.fell(x);
  }
  CHECK(bystander.line() == "ready");
  CHECK(readable(bystander.output.get()));
  check_end(here, bystander);
}

TEST_CASE(
  "a signal reaches processes outside of the leader's group, not the leader",
  "[containment][signals]") {
  grove here{every_kind()};
  auto x = here.grow(
    "trap 'echo group' TERM; trap 'echo hangup; exit' HUP\n"
    "setsid sh -c 'trap \"echo escaped; exit\" TERM; echo ready\n"
    "  while :; do sleep 1000 & wait; done' &\n"
    "while :; do wait; done");
  REQUIRE(x.line() == "ready");
  here.signal(x, SIGTERM);
  CHECK(x.line() == "escaped");
  ::kill(x.leader, SIGHUP);
  CHECK(x.line() == "hangup");
  check_end(here, x);
}

TEST_CASE("signals and the end of a tree keep their order",
          "[containment][signals]") {
  grove here{every_kind()};
  auto x = here.grow("setsid sh -c 'trap \"echo told\" TERM; echo ready\n"
                     "  while :; do sleep 1000 & wait; done' &");
  REQUIRE(x.line() == "ready");
  REQUIRE(x.leader_ended());
  auto end = std::make_shared<std::promise<posix::tree_end>>();
  here.on_reactor([&] {
    x.tree->signal(x.leader, SIGSTOP);
    x.tree->signal(x.leader, SIGCONT);
    x.tree->end(x.leader, posix::ending::kill, {},
                [end](posix::tree_end result) { end->set_value(result); });
    // An end that has begun goes on without the tree.
    x.tree.reset();
  });
  auto result = end->get_future();
  REQUIRE(result.wait_for(std::chrono::seconds{10})
          == std::future_status::ready);
  CHECK(result.get().ended > 0);
  CHECK(x.silent());
  here.fell(x);
}

TEST_CASE("a tree can be ended in a program without a descriptor left",
          "[containment][limits]") {
  grove here{every_kind()};
  auto x = here.grow("setsid sh -c 'echo ready; exec sleep 1000' &"
                     "setsid sh -c 'echo ready; exec sleep 1000' &");
  REQUIRE(x.line() == "ready");
  REQUIRE(x.line() == "ready");
  REQUIRE(x.leader_ended());
  {
    no_descriptors guard;
    CHECK(here.end(x).surviving == 0);
  }
  CHECK(x.silent());
  here.fell(x);
}

TEST_CASE("a tree may divide its cgroup", "[containment]") {
  if (!have_cgroups())
    return;
  grove here{containment_kind::cgroup};
  auto x = here.grow("cd " + here.directory()
                     + "/1 && mkdir -p a/b c\n"
                       "setsid sh -c 'echo $$ >a/b/cgroup.procs; "
                       "trap \"echo told\" TERM; echo ready; "
                       "while :; do sleep 1000 & wait; done' &");
  REQUIRE(x.line() == "ready");
  here.signal(x, SIGTERM);
  CHECK(x.line() == "told");
  check_end(here, x);
  CHECK(!fs::exists(here.directory() + "/1"));
}

TEST_CASE("cgroups are ended and removed however deep they are nested",
          "[containment]") {
  if (!have_cgroups())
    return;
  grove here{containment_kind::cgroup};
  auto x = here.grow("echo $(" + helper("test-fugitive") + " deep quiet &)");
  REQUIRE(x.line().substr(0, 9) == "fugitive ");
  REQUIRE(x.leader_ended());
  {
    no_descriptors guard;
    auto result = here.end(x);
    CHECK(result.ended == 1);
    CHECK(result.surviving == 0);
  }
  CHECK(!fs::exists(here.directory() + "/1"));
  here.fell(x);
}

TEST_CASE("a cgroup is used again if it is as good as new", "[containment]") {
  if (!have_cgroups())
    return;
  grove here{containment_kind::cgroup};
  auto first = here.directory() + "/1";
  auto play = [&](const std::string& script) {
    auto x = here.grow("cd " + first + " || exit; " + script);
    REQUIRE(x.silent());
    check_end(here, x);
  };
  SECTION("when the tree left nothing") {
    play("exit 0");
    CHECK(fs::exists(first));
    auto x = here.grow("cat /proc/self/cgroup");
    while (true) {
      auto line = x.line();
      REQUIRE(!line.empty());
      if (line.substr(0, 3) == "0::") {
        CHECK(line.substr(line.size() - 2) == "/1");
        break;
      }
    }
    check_end(here, x);
  }
  SECTION("not when something had to be killed") {
    auto x = here.grow("setsid sh -c 'echo ready; exec sleep 1000' &");
    REQUIRE(x.line() == "ready");
    check_end(here, x);
    CHECK(!fs::exists(first));
  }
  SECTION("not when it was divided") {
    play("mkdir a");
    CHECK(!fs::exists(first));
  }
  SECTION("not when a setting was changed") {
    auto change = std::string{
      GENERATE("echo 0 >cgroup.max.descendants", "echo 9 >>cgroup.max.depth",
               "chmod 700 .", "chmod 600 cgroup.procs")};
    INFO(change);
    // At first the cgroup is used several times.
    play("exit 0");
    play("exit 0");
    REQUIRE(fs::exists(first));
    play(change);
    CHECK(!fs::exists(first));
  }
  SECTION("not when it is frozen") {
    // By another process: this one could not leave again.
    auto x = here.grow("exit 0");
    REQUIRE(x.leader_ended());
    {
      std::ofstream file{first + "/cgroup.freeze"};
      file << 1;
    }
    check_end(here, x);
    CHECK(!fs::exists(first));
  }
}

TEST_CASE("cgroups are removed with what they are for", "[containment]") {
  if (!have_cgroups())
    return;
  std::string directory;
  {
    grove here{containment_kind::cgroup};
    directory = here.directory();
    CHECK(!fs::exists(directory));
    auto unused = here.on_launcher(
      [&] { return *here.containment().make_tree(); });
    CHECK(fs::exists(directory + "/1"));
    here.on_reactor([&] { unused.reset(); });
    CHECK(!fs::exists(directory + "/1"));
    auto x = here.grow("exit 0");
    check_end(here, x);
    CHECK(fs::exists(directory));
  }
  CHECK(!fs::exists(directory));
}

TEST_CASE("a host does not take another namespace's processes for its own",
          "[containment]") {
  auto kind = every_kind();
  grove here{kind};
  auto x = here.grow("unshare -rpf true || exit; unshare -rpf "
                     + helper("test-kept_host") + " " + to_string(kind)
                     + " plain");
  auto line = x.line();
  if (line.empty())
    WARN("left out: namespaces are not available");
  else
    CHECK(line.find("/proc is another PID namespace's") != std::string::npos);
  CHECK(x.silent());
  check_end(here, x);
}

TEST_CASE("a containment without descriptors reports that there are none",
          "[containment][limits]") {
  auto kind = GENERATE(containment_kind::unknown, containment_kind::cgroup,
                       containment_kind::marker);
  loop any{"any"};
  {
    // The first containment takes what it keeps for good.
    auto first = posix::make_containment(containment_kind::marker, any);
  }
  auto failures = 0;
  // Each step fails once.
  for (std::size_t left = 0; left < 8; ++left) {
    no_descriptors guard{left};
    auto made = posix::make_containment(kind, any);
    if (made || made.error().detail.os_code == 0
        || made.error().detail.os_code == EACCES)
      continue;
    CHECK(made.error().code == errc::out_of_descriptors);
    CHECK(made.error().detail.os_code == EMFILE);
    ++failures;
  }
  CHECK(failures > 0);
}

TEST_CASE("each kind of containment can be asked for", "[containment]") {
  CHECK(grove{containment_kind::marker}.containment().kind()
        == containment_kind::marker);
  auto best = have_cgroups() ? containment_kind::cgroup
                             : containment_kind::marker;
  CHECK(grove{best}.containment().kind() == best);
  CHECK(grove{containment_kind::unknown}.containment().kind() == best);
  loop any{"any"};
  auto job = posix::make_containment(containment_kind::job, any);
  CHECK(job.error().code == errc::invalid_argument);
}

TEST_CASE("the cgroup v2 hierarchy is found by type and seen from here",
          "[containment]") {
  using posix::cgroup_place;
  using posix::find_cgroup;
  auto v1 = std::string{
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"};
  auto hybrid
    = v1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,x shared:4 - cgroup2 c rw\n";
  SECTION("wherever it is mounted") {
    CHECK(find_cgroup(hybrid, "4:memory:/m\n0::/a/b\n")
          == cgroup_place{"/sys/fs/cgroup/unified/a/b", "/a/b"});
    CHECK(find_cgroup(hybrid, "0::/\n")
          == cgroup_place{"/sys/fs/cgroup/unified", "/"});
  }
  SECTION("through a mount that shows a part of it") {
    auto part = std::string{"41 31 0:38 /a /mnt/x\\040y rw - cgroup2 c rw\n"};
    CHECK(find_cgroup(part, "0::/a/b\n") == cgroup_place{"/mnt/x y/b", "/a/b"});
    CHECK(find_cgroup(part, "0::/a\n") == cgroup_place{"/mnt/x y", "/a"});
    CHECK(!find_cgroup(part, "0::/ab\n"));
    CHECK(!find_cgroup(part, "0::/\n"));
    CHECK(find_cgroup(part + hybrid, "0::/b\n")
          == cgroup_place{"/sys/fs/cgroup/unified/b", "/b"});
  }
  SECTION("not where there is none") {
    CHECK(!find_cgroup(v1, "4:memory:/m\n"));
    CHECK(!find_cgroup(v1, "0::/\n"));
    CHECK(!find_cgroup(hybrid, ""));
  }
  SECTION("not outside of our namespace") {
    CHECK(!find_cgroup(hybrid, "0::/../b\n"));
    CHECK(!find_cgroup("41 31 0:38 /.. /mnt rw - cgroup2 c rw\n", "0::/\n"));
  }
}
