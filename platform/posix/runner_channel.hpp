#pragma once

#include "procession/io/reactor/duplex.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/socket.h>

/// The agreements of both ends of a runner's channel.
namespace procession::posix {

using channel_stream = boost::asio::posix::stream_descriptor;
using channel_duplex = asio_duplex<channel_stream>;

/// The environment variable for the nonce.
inline constexpr auto nonce_name = "PROCESSION_RUNNER_NONCE";

/// Makes room for several full frames; the default has room for three
/// (wmem_default in socket(7)). No effect on a channel that is not a socket, or
/// beyond the limit of its user.
inline void widen(channel_stream& x) {
  const int size = 1 << 20;
  ::setsockopt(x.native_handle(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

} // namespace procession::posix
