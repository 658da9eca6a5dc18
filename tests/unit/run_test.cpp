#include "procession/actors/run.hpp"
#include "procession/messages/config.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <utility>
#include <vector>

using namespace procession;

namespace {

struct calls {
  bool closed = false;
  bool terminated = false;
};

/// A session that takes no input. A reader waits for its end.
caf::behavior refusing(caf::event_based_actor* self,
                       std::shared_ptr<calls> seen) {
  auto readers = std::make_shared<std::vector<caf::response_promise>>();
  auto answer_all = [=] {
    page last;
    last.state = session_state::closed;
    for (auto& x : std::exchange(*readers, {}))
      x.deliver(last);
  };
  return {
    [=](write_atom, const shared_bytes&) -> caf::result<std::uint64_t> {
      return make_error(errc::line_too_long, stage::run, "a line is too long");
    },
    [=](close_stdin_atom) { seen->closed = true; },
    [=](read_atom, cursor, std::uint64_t, caf::timespan) {
      readers->push_back(self->make_response_promise());
      auto result = readers->back();
      if (seen->terminated)
        answer_all();
      return result;
    },
    [=](terminate_atom) {
      seen->terminated = true;
      answer_all();
      return exit_status{};
    },
  };
}

} // namespace

TEST_CASE("run: input that is refused is an error, not an end of input",
          "[client][input]") {
  config cfg;
  caf::actor_system sys{cfg};
  auto seen = std::make_shared<calls>();
  auto where = sys.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    return {[=](spawn_atom, const command&) {
      return caf::actor_cast<session>(self->spawn(refusing, seen));
    }};
  });
  caf::scoped_actor self{sys};
  command spec;
  spec.program = "cat";
  auto result = run(self, caf::actor_cast<spawner>(where), spec, "a line");
  REQUIRE_FALSE(result);
  CHECK(is(result.error(), errc::line_too_long));
  CHECK(seen->terminated);
  CHECK_FALSE(seen->closed);
  caf::anon_send_exit(where, caf::exit_reason::user_shutdown);
}
