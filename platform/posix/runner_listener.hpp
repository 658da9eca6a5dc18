#pragma once

#include "procession/messages/error.hpp"
#include "procession/platform/posix/fd.hpp"
#include "procession/platform/posix/identity.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace procession::posix {

/// A Unix socket of mode 0600 in a new directory of mode 0700, both the
/// runner's user's, where that very process is awaited. Others that get there
/// are turned away. Destroying it removes both.
class runner_listener {
public:
  /// @param who whose it is; none: ours.
  static std::variant<std::unique_ptr<runner_listener>, failure>
  open(boost::asio::io_context& where, const std::optional<identity>& who);

  runner_listener(const runner_listener&) = delete;
  runner_listener& operator=(const runner_listener&) = delete;
  ~runner_listener();

  const std::string& path() const noexcept {
    return path_;
  }

  /// Calls `done` once, on the reactor, with the connection of process `pid`,
  /// or with none when we are out of descriptors.
  void await(pid_t pid, std::function<void(unique_fd)> done);

private:
  explicit runner_listener(boost::asio::io_context& where);

  void step();

  std::string directory_;
  unique_fd open_directory_;
  std::string path_;
  boost::asio::posix::stream_descriptor socket_;
  pid_t pid_ = -1;
  std::function<void(unique_fd)> done_;
};

} // namespace procession::posix
