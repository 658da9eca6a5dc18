// Whether the port that a probe connects to belongs to the session.
#include "procession/actors/spawner.hpp"
#include "procession/messages/config.hpp"
#include "procession/platform/runtime.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <catch2/catch.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <future>

using namespace procession;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;

namespace {

/// Returns why a session does not listen there; empty if it does.
std::string why_not(const runtime& rt, const session_info& who,
                    std::uint16_t port, port_owner owner) {
  std::promise<std::optional<failure>> said;
  rt.port_probe(port, "127.0.0.1", owner)(who, [&](std::optional<failure> x) {
    said.set_value(std::move(x));
  });
  auto bad = said.get_future().get();
  return bad ? bad->detail.text : "";
}

} // namespace

TEST_CASE("a port that another process holds does not make a session ready",
          "[windows][supervision]") {
  runtime rt;
  config cfg;
  caf::actor_system sys{cfg};
  auto sessions = make_spawner(sys, rt);
  caf::scoped_actor self{sys};
  session_info info;
  command idle;
  idle.program = "cmd.exe";
  idle.args = {"/c", "pause"};
  idle.stdio = pipes();
  self->request(sessions, 60s, spawn_atom_v, idle)
    .receive(
      [&](const session& x) {
        self->request(x, 60s, info_atom_v)
          .receive([&](session_info& y) { info = std::move(y); },
                   [](caf::error& y) { FAIL(describe(y)); });
      },
      [](caf::error& x) { FAIL(describe(x)); });
  boost::asio::io_context own;
  tcp::acceptor other{own, {boost::asio::ip::address_v4::loopback(), 0}};
  auto port = other.local_endpoint().port();
  CHECK(why_not(rt, info, port, port_owner::session)
        == "another process listens there, not one of the session");
  CHECK(why_not(rt, info, port, port_owner::anybody) == "");
  session_info elsewhere;
  CHECK(why_not(rt, elsewhere, port, port_owner::session)
        == "process 0 is not one that this program runs here");
}
