#include "procession/messages/config.hpp"

#include <caf/actor_system.hpp>

#include <catch2/catch.hpp>

using namespace procession;

TEST_CASE("an actor system renders our errors as we describe them",
          "[messages]") {
  caf::actor_system_config cfg;
  add_to(cfg);
  caf::actor_system sys{cfg};
  auto x = make_error(errc::no_pty_left, stage::open_pty, "none");
  CHECK(sys.render(x) == describe(x));
}
