#include "procession/io/reactor/port_probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace procession {

namespace {

using boost::asio::ip::tcp;

constexpr auto patience = std::chrono::seconds{1};

port_answer not_connected(const boost::system::error_code& ec) {
  return failure{errc::request_failed,
                 {stage::ready, ec.value(),
                  "nothing accepts connections there"}};
}

struct attempt {
  explicit attempt(boost::asio::io_context& where)
    : socket(where), timer(where) {
    // nop
  }

  tcp::socket socket;
  boost::asio::steady_timer timer;
};

port_answer answer_of(const tcp::socket& x) {
  boost::system::error_code ec;
  auto there = x.remote_endpoint(ec);
  if (ec)
    return not_connected(ec);
  // If no socket listens on the port, a connection may reach itself: when the
  // system chose that very port for this end.
  if (x.local_endpoint(ec) == there)
    return not_connected({});
  return there;
}

} // namespace

void probe_port(boost::asio::io_context& where, const std::string& address,
                std::uint16_t port,
                const std::function<void(const port_answer&)>& done) {
  boost::system::error_code ec;
  auto host = boost::asio::ip::make_address(address, ec);
  if (ec || port == 0)
    return done(failure{errc::invalid_argument,
                        {stage::ready, 0,
                         "'" + address + "' port " + std::to_string(port)
                           + " is not an address that can be connected to"}});
  // As Linux takes it; Windows refuses to connect to it.
  if (host.is_unspecified())
    host = host.is_v4()
             ? boost::asio::ip::address{boost::asio::ip::address_v4::loopback()}
             : boost::asio::ip::address_v6::loopback();
  auto x = std::make_shared<attempt>(where);
  x->timer.expires_after(patience);
  x->timer.async_wait([x](const boost::system::error_code& cancelled) {
    boost::system::error_code ignored;
    if (!cancelled)
      x->socket.close(ignored);
  });
  x->socket.async_connect(
    tcp::endpoint{host, port}, [x, done](const boost::system::error_code& no) {
      x->timer.cancel();
      auto answer = no ? not_connected(no) : answer_of(x->socket);
      boost::system::error_code ignored;
      x->socket.close(ignored);
      done(answer);
    });
}

boost::asio::ip::address_v6 as_v6(const boost::asio::ip::address& x) {
  using boost::asio::ip::v4_mapped;
  return x.is_v6() ? x.to_v6()
                   : boost::asio::ip::make_address_v6(v4_mapped, x.to_v4());
}

std::optional<int> closeness(const boost::asio::ip::address_v6& bound_to,
                             const boost::asio::ip::address& connected_to) {
  using namespace boost::asio::ip;
  auto to = as_v6(connected_to);
  // The scope only selects the interface, and sockets are listed without it.
  if (bound_to.to_bytes() == to.to_bytes())
    return 0;
  if (to.is_v4_mapped() && bound_to == as_v6(address_v4::any()))
    return 1;
  if (bound_to == address_v6::any())
    return 2;
  return std::nullopt;
}

} // namespace procession
