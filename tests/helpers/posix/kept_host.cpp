// A host to be killed, with a keeper: `kept_host KIND HOW [SCRIPT [CGROUP]]`.
// It moves into CGROUP, starts a tree, prints the keeper, a process far out in
// the tree and the directory of the trees' cgroups, each on a line with its
// name, then "ready", and waits. The tree is led by a shell that executes
// SCRIPT, which must print the process. With HOW
//   closed    it has no descriptors 0, 1 and 2,
//   forked    it has forked a process that waits as well, and prints it,
//   ending    it ends the tree when the leader has ended, and prints as "ended"
//             how many processes were ended and how many survive,
//   ordinary  that as well, and it is an ordinary user.
#include "procession/io/reactor/loop.hpp"
#include "procession/platform/posix/containment.hpp"
#include "procession/platform/posix/keeper.hpp"
#include "procession/platform/posix/launcher.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <string>

using namespace procession;

namespace {

int out = 1;

constexpr auto far_out = "(setsid sh -c 'trap \"\" HUP TERM; echo tree $$; "
                         "exec sleep 1000 >/dev/null' &); exec sleep 1000";

bool enter(const std::string& cgroup) {
  auto file = posix::unique_fd{
    ::open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)};
  return file && ::write(file.get(), "0", 1) == 1;
}

/// The host with a tree to keep.
struct host {
  std::unique_ptr<posix::containment> containment;
  std::unique_ptr<posix::tree> tree;
  std::unique_ptr<posix::keeper> keeper;
  posix::launched leader;

  bool start(loop& reactor, const std::string& kind, const char* script) {
    auto made = posix::make_containment(
      kind == "marker" ? containment_kind::marker : containment_kind::cgroup,
      reactor);
    if (!made) {
      ::dprintf(out, "refused %s\n", to_string(made.error()).c_str());
      return false;
    }
    containment = std::move(*made);
    keeper = std::make_unique<posix::keeper>(
      *posix::keeper::start(containment->keeper_args()));
    ::dprintf(out, "keeper %d\n", static_cast<int>(keeper->pid()));
    ::dprintf(out, "directory %s\n", containment->keeper_args().back().c_str());
    tree = *containment->make_tree();
    std::error_code ec;
    auto null = posix::at_least_3(
      posix::unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)}, ec);
    command spec;
    spec.program = "/bin/sh";
    spec.args = {"-c", script};
    posix::launch_options options;
    options.in = null.get();
    options.out = out;
    options.err = null.get();
    options.cgroup = tree->cgroup();
    options.marker = tree->marker();
    options.limit = tree->limit();
    if (out < 3)
      options.out = ::fcntl(out, F_DUPFD_CLOEXEC, 3);
    auto started = posix::launch(spec, options);
    if (!started)
      return false;
    leader = std::move(*started);
    return true;
  }

  /// Ends the tree. Called on the reactor.
  void end() {
    tree->end(leader.pid, posix::ending::kill, {}, [](posix::tree_end x) {
      ::dprintf(out, "ended %d %d\n", static_cast<int>(x.ended),
                static_cast<int>(x.surviving));
    });
  }
};

} // namespace

int main(int argc, char** argv) {
  auto kind = std::string{argv[1]};
  auto how = std::string{argv[2]};
  auto* script = argc > 3 ? argv[3] : far_out;
  if (argc > 4 && !enter(argv[4]))
    return 1;
  if (how == "closed") {
    out = ::fcntl(1, F_DUPFD_CLOEXEC, 10);
    for (auto fd = 0; fd < 3; ++fd)
      ::close(fd);
  }
  if (how == "ordinary" && ::geteuid() == 0
      && (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0
          || ::setresuid(65534, 65534, 65534) != 0))
    return 1;
  host self;
  loop reactor{"host-reactor"};
  loop launcher{"host-launcher"};
  std::promise<bool> started;
  launcher.post([&] { started.set_value(self.start(reactor, kind, script)); });
  if (!started.get_future().get())
    return 1;
  if (how == "forked") {
    auto pid = ::fork();
    if (pid == 0)
      while (true)
        ::pause();
    ::dprintf(out, "forked %d\n", static_cast<int>(pid));
  }
  ::dprintf(out, "ready\n");
  if (how == "ending" || how == "ordinary") {
    auto gone = pollfd{self.leader.pidfd.get(), POLLIN, 0};
    while (::poll(&gone, 1, -1) != 1)
      continue;
    reactor.post([&] { self.end(); });
  }
  while (true)
    ::pause();
}
