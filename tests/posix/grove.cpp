#include "grove.hpp"

#include "../public_programs.hpp"

#include "procession/messages/expected.hpp"
#include "procession/platform/posix/launcher.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace procession::test {

bool readable(int fd, std::chrono::milliseconds time) {
  auto entry = pollfd{fd, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(time.count())) == 1;
}

bool have_cgroups() {
  static auto result = [] {
    loop any{"any"};
    return static_cast<bool>(posix::make_cgroup_containment(any));
  }();
  if (!result)
    WARN("left out: no cgroup v2 hierarchy is writable here");
  return result;
}

containment_kind every_kind() {
  if (!have_cgroups())
    return containment_kind::marker;
  return GENERATE(containment_kind::cgroup, containment_kind::marker);
}

std::string helper(const std::string& name) {
  return public_program(name);
}

posix::unique_fd watch(const std::string& pid) {
  std::error_code ec;
  return posix::open_pidfd(std::stoi(pid), ec);
}

std::string grown_tree::line() {
  while (true) {
    if (auto end = buffer.find('\n'); end != std::string::npos) {
      auto result = buffer.substr(0, end);
      buffer.erase(0, end + 1);
      return result;
    }
    char part[1000];
    auto n = readable(output.get()) ? ::read(output.get(), part, sizeof(part))
                                    : 0;
    if (n <= 0)
      return {};
    buffer.append(part, static_cast<std::size_t>(n));
  }
}

bool grown_tree::silent() {
  char part[1000];
  while (readable(output.get()))
    if (::read(output.get(), part, sizeof(part)) <= 0)
      return true;
  return false;
}

bool grown_tree::leader_ended() {
  return readable(pidfd.get());
}

grove::grove(containment_kind kind) {
  auto made = posix::make_containment(kind, reactor_);
  if (!made)
    FAIL(to_string(made.error()));
  containment_ = std::move(*made);
}

grove::~grove() {
  // After all work that the threads have so far.
  on_launcher([] {});
  on_reactor([] {});
  on_launcher([this] { containment_.reset(); });
}

grown_tree grove::grow(const std::string& script) {
  grown_tree result;
  std::error_code ec;
  auto out = posix::make_pipe(ec);
  auto null = posix::unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  auto started = on_launcher([&]() -> expected<posix::launched> {
    auto made = containment_->make_tree();
    if (!made)
      return std::move(made.error());
    result.tree = std::move(*made);
    command spec;
    spec.program = "/bin/sh";
    spec.args = {"-c", script};
    posix::launch_options options;
    options.in = null.get();
    options.out = out.write.get();
    options.err = null.get();
    options.cgroup = result.tree->cgroup();
    options.marker = result.tree->marker();
    options.limit = result.tree->limit();
    return posix::launch(spec, options);
  });
  if (!started)
    FAIL(to_string(started.error()));
  auto& program = *started;
  result.leader = program.pid;
  result.pidfd = std::move(program.pidfd);
  result.output = std::move(out.read);
  return result;
}

std::future<posix::tree_end> grove::begin_end(grown_tree& x, posix::ending how,
                                              std::chrono::nanoseconds grace) {
  auto promise = std::make_shared<std::promise<posix::tree_end>>();
  on_reactor([&] {
    x.tree->end(x.leader, how, grace, [promise](posix::tree_end result) {
      promise->set_value(result);
    });
  });
  return promise->get_future();
}

posix::tree_end grove::end(grown_tree& x, posix::ending how,
                           std::chrono::nanoseconds grace) {
  auto result = begin_end(x, how, grace);
  REQUIRE(result.wait_for(std::chrono::seconds{20})
          == std::future_status::ready);
  return result.get();
}

void grove::signal(grown_tree& x, int signo) {
  on_reactor([&] { x.tree->signal(x.leader, signo); });
}

void grove::fell(grown_tree& x) {
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(x.pidfd.get()), &info, WEXITED);
  on_reactor([&] { x.tree.reset(); });
}

} // namespace procession::test
