#include "procession/actors/run.hpp"
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/posix/fd.hpp"

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <poll.h>

#include <csignal>

using namespace procession;

namespace {

/// Makes the kernel reap every child at its end (wait(2)), which an embedding
/// program may do, as SIGCHLD is its own.
class children_reaped_by_others {
public:
  children_reaped_by_others() : before_(std::signal(SIGCHLD, SIG_IGN)) {
    // nop
  }

  ~children_reaped_by_others() {
    std::signal(SIGCHLD, before_);
  }

private:
  void (*before_)(int);
};

} // namespace

TEST_CASE("a session ends although somebody else took its status", "[ending]") {
  children_reaped_by_others guard;
  config cfg;
  runtime rt{{GENERATE(containment_kind::unknown, containment_kind::marker)}};
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  command spec;
  spec.program = "/bin/sh";
  SECTION("by itself") {
    spec.args = {"-c", "echo hi; exit 3"};
    auto result = run(self, sessions, spec);
    REQUIRE(result);
    CHECK(result->out == "hi\n");
    CHECK(result->complete);
    CHECK(result->status.cause == exit_cause::unknown);
  }
  SECTION("or by its time-out, with all its tree") {
    spec.args = {"-c", "setsid sleep 1000 & echo $!; exec sleep 1000"};
    spec.limits.timeout = std::chrono::milliseconds{300};
    auto result = run(self, sessions, spec);
    REQUIRE(result);
    CHECK(result->status.cause == exit_cause::unknown);
    CHECK(result->status.timed_out);
    std::error_code ec;
    auto descendant = posix::open_pidfd(std::stoi(result->out), ec);
    pollfd entry{descendant.get(), POLLIN, 0};
    CHECK((!descendant || ::poll(&entry, 1, 2000) == 1));
  }
  SECTION("and a failed start stays one") {
    spec.program = "no-such-program";
    auto result = run(self, sessions, spec);
    CHECK(is(result.error(), errc::program_not_found));
  }
}
