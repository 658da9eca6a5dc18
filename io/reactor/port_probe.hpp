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

/// The endpoint that accepted a connection, or why none did.
using port_answer = expected<boost::asio::ip::tcp::endpoint>;

/// Connects once to a TCP port, and disconnects; gives up after a second. Call
/// it on the thread of `where`, which also calls `done`.
/// @param address a numeric IPv4 or IPv6 address; anything else fails with
///                `invalid_argument`, since looking up a name would block.
void probe_port(boost::asio::io_context& where, const std::string& address,
                std::uint16_t port,
                const std::function<void(const port_answer&)>& done);

/// Returns an address as IPv6; an IPv4 address becomes the mapped one.
boost::asio::ip::address_v6 as_v6(const boost::asio::ip::address& x);

/// Returns how closely the address that a socket is bound to fits the one that
/// is connected to. Of several sockets that listen on a port the closest
/// accepts.
/// @returns 0 for the closest; nothing if the socket does not accept.
std::optional<int> closeness(const boost::asio::ip::address_v6& bound_to,
                             const boost::asio::ip::address& connected_to);

} // namespace procession
