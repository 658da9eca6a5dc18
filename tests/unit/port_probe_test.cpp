#include "procession/io/reactor/loop.hpp"
#include "procession/io/reactor/port_probe.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <catch2/catch.hpp>

#include <future>

using namespace procession;
using boost::asio::ip::tcp;

namespace {

/// Returns the answer of a probe.
port_answer answer(loop& where, const std::string& address,
                   std::uint16_t port) {
  std::promise<port_answer> found;
  where.post([&] {
    probe_port(where.context(), address, port,
               [&](const port_answer& x) { found.set_value(x); });
  });
  return found.get_future().get();
}

std::optional<failure> look(loop& where, const std::string& address,
                            std::uint16_t port) {
  auto x = answer(where, address, port);
  return x ? std::nullopt : std::optional{x.error()};
}

boost::asio::ip::address ip(const char* text) {
  return boost::asio::ip::make_address(text);
}

} // namespace

TEST_CASE("a port that accepts connections is found, one that ceased is not",
          "[supervision][reactor]") {
  loop x{"test-loop"};
  boost::asio::io_context own;
  auto listener = std::make_unique<tcp::acceptor>(
    own, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0});
  auto port = listener->local_endpoint().port();
  CHECK_FALSE(look(x, "127.0.0.1", port));
  // The address for all our addresses includes this one.
  CHECK(*answer(x, "0.0.0.0", port) == listener->local_endpoint());
  listener.reset();
  auto refused = look(x, "127.0.0.1", port);
  REQUIRE(refused);
  CHECK(refused->code == errc::request_failed);
  CHECK(refused->detail.at == stage::ready);
  CHECK(refused->detail.os_code != 0);
}

TEST_CASE("an invalid address is told apart from a port that is not open yet",
          "[supervision][reactor]") {
  loop x{"test-loop"};
  for (auto address : {"localhost", "", "256.0.0.1"}) {
    auto bad = look(x, address, 80);
    REQUIRE(bad);
    CHECK(bad->code == errc::invalid_argument);
  }
  auto bad = look(x, "127.0.0.1", 0);
  REQUIRE(bad);
  CHECK(bad->code == errc::invalid_argument);
}

TEST_CASE("the closest of several bound addresses fits best",
          "[supervision][reactor]") {
  auto fit = [](const char* bound_to, const char* connected_to) {
    return closeness(as_v6(ip(bound_to)), ip(connected_to));
  };
  SECTION("for IPv4, that is its own, then all of IPv4, then all") {
    CHECK(fit("127.0.0.1", "127.0.0.1") == 0);
    CHECK(fit("::ffff:127.0.0.1", "127.0.0.1") == 0);
    CHECK(fit("0.0.0.0", "127.0.0.1") == 1);
    CHECK(fit("::", "127.0.0.1") == 2);
    CHECK_FALSE(fit("127.0.0.2", "127.0.0.1"));
    CHECK_FALSE(fit("::1", "127.0.0.1"));
  }
  SECTION("for IPv6, that is its own, then all") {
    CHECK(fit("::1", "::1") == 0);
    CHECK(fit("fe80::1", "fe80::1%7") == 0);
    CHECK(fit("::", "::1") == 2);
    CHECK_FALSE(fit("0.0.0.0", "::1"));
    CHECK_FALSE(fit("::2", "::1"));
  }
  SECTION("for IPv4 in the form of IPv6, that is the same as for IPv4") {
    CHECK(fit("127.0.0.1", "::ffff:127.0.0.1") == 0);
    CHECK(fit("0.0.0.0", "::ffff:127.0.0.1") == 1);
  }
}

TEST_CASE("a probe ends with its loop", "[supervision][reactor]") {
  auto shared = std::make_shared<int>();
  {
    loop x{"test-loop"};
    x.post([&] {
      // A network for documentation, where no host answers (RFC 5737).
      probe_port(x.context(), "192.0.2.1", 9, [shared](const port_answer&) {});
    });
  }
  CHECK(shared.use_count() == 1);
}
