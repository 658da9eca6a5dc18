// Replacing a runner that was lost or could not be started.
#include "runner_stage.hpp"

using namespace procession;
using namespace procession::test;

namespace {

runner_options none_follows() {
  runner_options result;
  result.restart = false;
  return result;
}

runner_info info(far_theatre& x, peer& asker) {
  return asker.ask<runner_info>(x.hdl, info_atom_v).value();
}

/// Starts a session and lets its program run.
session start(far_theatre& x, peer& asker) {
  auto spec = cat();
  spec.limits.retention = 1h;
  auto made = asker.begin(spec);
  REQUIRE(made.pending());
  x.t.child(x.t.children() - 1).started(4712);
  x.t.run();
  return made.value();
}

const auto not_found = failure{errc::program_not_found,
                               {stage::resolve, 2, "no such runner"}};

} // namespace

TEST_CASE("the next session after the loss of a runner starts another",
          "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  auto first = start(x, watcher);
  REQUIRE_FALSE(watcher.subscribe(first).error());
  x.kill_runner();
  // The subscriber sees the loss, although another runner follows.
  CHECK(watcher.take_events().back() == "2 closed host_lost");
  CHECK(watcher.ask<exit_status>(first, wait_atom_v).value().cause
        == exit_cause::runner_lost);
  CHECK(info(x, watcher).state == runner_state::down);
  CHECK(watcher.ask<runner_info>(x.hdl, wait_atom_v).is(errc::runner_lost));
  x.advance(60s);
  CHECK(x.launches == 1);

  auto second = start(x, watcher);
  CHECK(x.launches == 2);
  CHECK(info(x, watcher).state == runner_state::up);
  CHECK(info(x, watcher).sessions == 1);
  CHECK_FALSE(watcher.ask<runner_info>(x.hdl, wait_atom_v).pending());
  auto written = watcher.ask<std::uint64_t>(second, write_atom_v,
                                            shared_bytes{"input"});
  x.t.child(1).stdin_taken(5);
  x.t.run();
  CHECK(written.value() == 5);
  // The first session is not revived.
  CHECK(watcher.ask<std::uint64_t>(first, write_atom_v, shared_bytes{"a"})
          .is(errc::already_exited));
}

TEST_CASE("a session that comes while a runner ends waits for the next",
          "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  start(x, watcher);
  // The lost runner's process has not ended yet.
  x.lingers = true;
  x.channel->cut(side::left);
  x.t.run();
  auto made = watcher.begin(cat());
  CHECK(info(x, watcher).state != runner_state::up);
  CHECK(x.launches == 1);
  CHECK(made.pending());
  SECTION("which comes when nothing is left of the one before") {
    x.advance(1s);
    CHECK(x.launches == 2);
    x.t.child(1).started();
    x.t.run();
    made.value();
  }
  SECTION("and goes if it is abandoned meanwhile") {
    caf::anon_send_exit(x.t.where, caf::exit_reason::user_shutdown);
    x.t.run();
    x.advance(60s);
    CHECK_FALSE(made.pending());
    CHECK(x.runner_gone());
  }
  SECTION("and fails if the runner is stopped meanwhile") {
    auto over = watcher.ask<runner_info>(x.hdl, stop_atom_v);
    CHECK(over.pending());
    x.advance(10s);
    CHECK(over.value().state == runner_state::down);
    CHECK(detail_of(made.error()).text == "the runner was stopped");
    CHECK(x.runner_gone());
    CHECK(watcher.begin(cat()).error() != caf::none);
    CHECK(x.launches == 1);
  }
}

TEST_CASE("a runner that was stopped is not replaced", "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  start(x, watcher);
  auto hdl = x.hdl;
  auto over = watcher.ask<runner_info>(hdl, stop_atom_v);
  x.advance(10s);
  CHECK(over.value().why.detail.text == "the runner was stopped");
  auto made = watcher.begin(cat());
  CHECK(made.is(errc::runner_lost));
  CHECK(x.launches == 1);
}

TEST_CASE("runners that fail in a row are followed after pauses only",
          "[runner]") {
  far_theatre x;
  peer watcher{x.t};
  start(x, watcher);
  x.no_launch = not_found;
  x.kill_runner();
  // It was up too briefly: this is one failure. Three more are allowed.
  for (std::size_t n = 2; n <= 4; ++n) {
    CHECK(watcher.begin(cat()).is(errc::program_not_found));
    CHECK(x.launches == n);
  }
  std::size_t launches = 4;
  for (auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    x.advance(pause - 1s);
    for (auto i = 0; i < 3; ++i) {
      auto refused = watcher.begin(cat());
      CHECK(refused.is(errc::program_not_found));
      CHECK(detail_of(refused.error()).text
            == "the runner was not started: no such runner");
    }
    CHECK(x.launches == launches);
    x.advance(1s);
    CHECK(watcher.begin(cat()).is(errc::program_not_found));
    CHECK(x.launches == ++launches);
  }
  SECTION("until one proves itself") {
    x.no_launch.reset();
    x.advance(30s);
    start(x, watcher);
    x.advance(10s);
    x.no_launch = not_found;
    x.kill_runner();
    for (auto i = 0; i < 4; ++i)
      CHECK(watcher.begin(cat()).is(errc::program_not_found));
    CHECK(x.launches == launches + 5);
    CHECK(watcher.begin(cat()).is(errc::program_not_found));
    CHECK(x.launches == launches + 5);
  }
  SECTION("also if one comes up and is lost soon") {
    x.no_launch.reset();
    x.advance(30s);
    start(x, watcher);
    x.advance(9s);
    x.kill_runner();
    CHECK(watcher.begin(cat()).is(errc::runner_lost));
    CHECK(x.launches == launches + 1);
  }
}

TEST_CASE("a runner that may not be replaced is lost for good", "[runner]") {
  far_theatre x{none_follows()};
  peer watcher{x.t};
  start(x, watcher);
  auto reason = std::make_shared<caf::error>();
  auto monitor = x.t.sys.spawn([&, reason](caf::event_based_actor* self) {
    self->monitor(x.hdl);
    self->set_down_handler([=](caf::down_msg& down) {
      *reason = std::move(down.reason);
      self->quit();
    });
    return caf::behavior{[](wait_atom) {}};
  });
  x.t.run();
  x.kill_runner();
  CHECK(is(*reason, errc::runner_lost));
  CHECK(watcher.begin(cat()).is(errc::runner_lost));
  x.advance(60s);
  CHECK(watcher.begin(cat()).is(errc::runner_lost));
  CHECK(x.launches == 1);
}
