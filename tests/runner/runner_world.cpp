#include "runner_world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace procession::test {

namespace {

class node_backend : public backend {
public:
  node_backend(std::shared_ptr<runner_of_world> there, runner_options options)
    : there_(std::move(there)), options_(std::move(options)) {
    // nop
  }

  spawner start(caf::actor_system& sys) override {
    auto node = start_runner(sys, here, options_);
    there_->hdl = node.actor();
    return make_spawner(sys, node);
  }

private:
  std::shared_ptr<runner_of_world> there_;
  runner_options options_;
};

} // namespace

runner_world::runner_world(runner_options options)
  : there_(std::make_shared<runner_of_world>()),
    w({"a runner", [this, options] {
         return std::make_unique<node_backend>(there_, options);
       }}) {
  // nop
}

runner_world::~runner_world() {
  forget_runner();
}

void runner_world::forget_runner() {
  there_->hdl = nullptr;
}

caf::error runner_world::up() {
  caf::error result;
  w.self->request(hdl(), patience, wait_atom_v)
    .receive([](runner_info&) {},
             [&](caf::error& x) { result = std::move(x); });
  return result;
}

runner_info runner_world::info() {
  runner_info result;
  w.self->request(hdl(), patience, info_atom_v)
    .receive([&](runner_info& x) { result = std::move(x); },
             [&](caf::error& x) { FAIL(describe(x)); });
  return result;
}

void check_failure(const runner_options& options, errc code, stage at,
                   const std::string& text) {
  runner_world there{options};
  auto why = there.up();
  CAPTURE(describe(why));
  CHECK(is(why, code));
  CHECK(detail_of(why).at == at);
  CHECK(contains(describe(why), text));
}

session check_introduction(runner_world& there, command what) {
  REQUIRE_FALSE(there.up());
  auto info = there.info();
  CHECK(info.state == runner_state::up);
  CHECK(info.pid == info.remote_pid);
  CHECK(process_lives(info.pid));
  CHECK(info.sessions == 0);
  auto hdl = there.w.spawn(std::move(what));
  CHECK(there.info().sessions == 1);
  return hdl;
}

std::string runner_path() {
  return helper_path("procession-runner");
}

command loner(stdio_spec stdio) {
  return actor({"pid", "mute", "1", "sleep", "sleep"}, stdio);
}

std::pair<std::int64_t, std::int64_t> numbers(listener& events) {
  REQUIRE(events.until([&] {
    return std::count(events.out.begin(), events.out.end(), '\n') == 2;
  }));
  auto first = std::stoll(events.out);
  auto second = std::stoll(events.out.substr(events.out.find('\n') + 1));
  return {first, second};
}

} // namespace procession::test
