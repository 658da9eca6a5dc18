#pragma once

#include "procession/io/reactor/duplex.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/socket.h>

/// What both ends of a runner's channel have to agree on.
namespace procession::posix {

using channel_stream = boost::asio::posix::stream_descriptor;
using channel_duplex = asio_duplex<channel_stream>;

/// The environment variable that the nonce is passed in.
inline constexpr auto nonce_name = "PROCESSION_RUNNER_NONCE";

/// Makes room for several full frames; by default there is room for three
/// (wmem_default in socket(7)). A channel that is not a socket stays as it is,
/// and so does one whose user may have no more.
inline void widen(channel_stream& x) {
  const int size = 1 << 20;
  ::setsockopt(x.native_handle(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

} // namespace procession::posix
