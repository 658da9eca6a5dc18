#pragma once

#include "procession/messages/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace procession {

/// Where a connection was accepted, or why none was.
using port_answer = expected<boost::asio::ip::tcp::endpoint>;

/// Connects once to a TCP port, and hangs up; gives up after a second. On the
/// thread of `where`, as is `done`.
/// @param address IPv4 or IPv6, in figures; a name would have to be looked up,
///                which blocks. Else the failure is `invalid_argument`.
void probe_port(boost::asio::io_context& where, const std::string& address,
                std::uint16_t port,
                const std::function<void(const port_answer&)>& done);

/// An address in the form of IPv6; one of IPv4 becomes the mapped one.
boost::asio::ip::address_v6 as_v6(const boost::asio::ip::address& x);

/// How closely the address that a socket is bound to fits the one that is
/// connected to; of several sockets that listen on a port the closest accepts.
/// 0 is the closest; nothing: it does not accept.
std::optional<int> closeness(const boost::asio::ip::address_v6& bound_to,
                             const boost::asio::ip::address& connected_to);

} // namespace procession
