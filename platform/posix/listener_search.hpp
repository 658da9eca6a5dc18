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
  /// The user who created it.
  uid_t owner = 0;
};

/// Returns the sockets in the texts of /proc/net/tcp and /proc/net/tcp6 that
/// accept a connection to `to`: more than one if they share the port
/// (socket(7), SO_REUSEPORT).
std::vector<listening_socket>
find_listeners(std::string_view tcp, std::string_view tcp6,
               const boost::asio::ip::tcp::endpoint& to);

/// Finds out whether one of several processes listens on a port, from the
/// tables of sockets and descriptors in /proc. They may be long, so it has its
/// own thread, from the first search on.
class listener_search {
public:
  /// Takes no failure if one of them listens, else the reason.
  using callback = std::function<void(std::optional<failure>)>;

  explicit listener_search(loop& reactor);

  /// Starts a search. On the reactor, as is `done`, which is never called from
  /// inside the call, nor after `stop`.
  void start(const boost::asio::ip::tcp::endpoint& at,
             std::vector<pid_t> processes, callback done);

  /// Ends the thread. To be called when the reactor has stopped.
  void stop();

private:
  loop& reactor_;
  std::unique_ptr<loop> thread_;
};

} // namespace procession::posix
