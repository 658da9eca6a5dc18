#pragma once

#include "procession/messages/readiness.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace procession {

/// Connects once to a TCP port, and hangs up; gives up after a second. On the
/// thread of `where`, as is `done`.
/// @param address IPv4 or IPv6, in figures; a name would have to be looked up,
///                which blocks. Else the failure is `invalid_argument`.
void probe_port(boost::asio::io_context& where, const std::string& address,
                std::uint16_t port,
                const std::function<void(std::optional<failure>)>& done);

} // namespace procession
