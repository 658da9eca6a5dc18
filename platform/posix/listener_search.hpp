#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/messages/error.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace procession::posix {

/// A socket that accepts connections.
struct listening_socket {
  std::uint64_t inode = 0;
  /// The user who made it.
  uid_t owner = 0;
};

/// Of the sockets in the text of /proc/net/tcp and that of /proc/net/tcp6,
/// those that accept a connection to `to`: more than one if they share the port
/// (socket(7), SO_REUSEPORT).
std::vector<listening_socket>
find_listeners(std::string_view tcp, std::string_view tcp6,
               const boost::asio::ip::tcp::endpoint& to);

/// Finds out whether one of several processes listens on a port, from the
/// tables of sockets and descriptors in /proc. They may be long, so it has a
/// thread of its own, from the first search on.
class listener_search {
public:
  /// Nothing if one of them listens, else why none does.
  using callback = std::function<void(std::optional<failure>)>;

  explicit listener_search(loop& reactor);

  /// On the reactor, as is `done`, which is not called from within, and not
  /// after `stop`.
  void start(const boost::asio::ip::tcp::endpoint& at,
             std::vector<pid_t> processes, callback done);

  /// Ends the thread. When the reactor has stopped.
  void stop();

private:
  loop& reactor_;
  std::unique_ptr<loop> thread_;
};

} // namespace procession::posix
