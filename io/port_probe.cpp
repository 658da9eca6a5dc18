#include "procession/io/port_probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace procession {

namespace {

using boost::asio::ip::tcp;

constexpr auto patience = std::chrono::seconds{1};

failure not_connected(const boost::system::error_code& ec) {
  return {errc::request_failed,
          {stage::ready, ec.value(), "nothing accepts connections there"}};
}

struct attempt {
  explicit attempt(boost::asio::io_context& where)
    : socket(where), timer(where) {
    // nop
  }

  tcp::socket socket;
  boost::asio::steady_timer timer;
};

/// To a port that nobody listens on, a connection may be to itself: when the
/// system has chosen that very port for this end.
bool to_itself(const tcp::socket& x) {
  boost::system::error_code ec;
  auto here = x.local_endpoint(ec);
  if (ec)
    return false;
  auto there = x.remote_endpoint(ec);
  return !ec && here == there;
}

} // namespace

void probe_port(boost::asio::io_context& where, const std::string& address,
                std::uint16_t port,
                const std::function<void(std::optional<failure>)>& done) {
  boost::system::error_code ec;
  auto host = boost::asio::ip::make_address(address, ec);
  if (ec || port == 0)
    return done(failure{errc::invalid_argument,
                        {stage::ready, 0,
                         "'" + address + "' port " + std::to_string(port)
                           + " is no address that can be connected to"}});
  auto x = std::make_shared<attempt>(where);
  x->timer.expires_after(patience);
  x->timer.async_wait([x](const boost::system::error_code& cancelled) {
    boost::system::error_code ignored;
    if (!cancelled)
      x->socket.close(ignored);
  });
  x->socket.async_connect(tcp::endpoint{host, port},
                          [x, done](const boost::system::error_code& no) {
                            x->timer.cancel();
                            auto connected = !no && !to_itself(x->socket);
                            boost::system::error_code ignored;
                            x->socket.close(ignored);
                            if (connected)
                              done(std::nullopt);
                            else
                              done(not_connected(no));
                          });
}

} // namespace procession
