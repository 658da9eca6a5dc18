#include "procession/io/loop.hpp"
#include "procession/io/port_probe.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <catch2/catch.hpp>

#include <future>

using namespace procession;
using boost::asio::ip::tcp;

namespace {

/// What a probe finds.
std::optional<failure> look(loop& where, const std::string& address,
                            std::uint16_t port) {
  std::promise<std::optional<failure>> found;
  where.post([&] {
    probe_port(where.context(), address, port, [&](std::optional<failure> x) {
      found.set_value(std::move(x));
    });
  });
  return found.get_future().get();
}

} // namespace

TEST_CASE("a port that accepts connections is found, one that ceased is not") {
  loop x{"test-loop"};
  boost::asio::io_context own;
  auto listener = std::make_unique<tcp::acceptor>(
    own, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0});
  auto port = listener->local_endpoint().port();
  CHECK_FALSE(look(x, "127.0.0.1", port));
  listener.reset();
  auto refused = look(x, "127.0.0.1", port);
  REQUIRE(refused);
  CHECK(refused->code == errc::request_failed);
  CHECK(refused->detail.at == stage::ready);
  CHECK(refused->detail.os_code != 0);
}

TEST_CASE("what is no address is told apart from a port that is not open yet") {
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

TEST_CASE("a probe ends with its loop") {
  auto shared = std::make_shared<int>();
  {
    loop x{"test-loop"};
    x.post([&] {
      // A network for documentation: nobody answers (RFC 5737).
      probe_port(x.context(), "192.0.2.1", 9,
                 [shared](const std::optional<failure>&) {});
    });
  }
  CHECK(shared.use_count() == 1);
}
