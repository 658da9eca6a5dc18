#pragma once

#include "procession/messages/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/windows/stream_handle.hpp>

#include <windows.h>

#include <functional>
#include <memory>
#include <string>

namespace procession::windows {

/// A named pipe, both ways and overlapped, that waits for one particular
/// process. Its name is random and has no second instance. Remote clients are
/// refused; only our user and the runner's have access. Other processes of
/// these users are disconnected.
class runner_listener {
public:
  using stream = boost::asio::windows::stream_handle;

  /// @param runner security identifier of the runner's user, as text.
  static expected<std::unique_ptr<runner_listener>>
  open(boost::asio::io_context& where, const std::string& runner);

  runner_listener(const runner_listener&) = delete;
  runner_listener& operator=(const runner_listener&) = delete;
  /// Stops waiting. On the reactor.
  ~runner_listener();

  /// The name for the runner to open.
  const std::string& name() const noexcept {
    return name_;
  }

  /// Calls `done` once, on the reactor, with the connection of process `pid`,
  /// or with the reason why there is none. Looks first at a client that came
  /// before this call.
  /// @param pid of a process to which the caller holds a handle, so that no
  ///        other one has that number.
  void await(DWORD pid,
             std::function<void(expected<std::shared_ptr<stream>>)> done);

private:
  struct waiting;

  runner_listener(std::string name, std::shared_ptr<waiting> state);

  std::string name_;
  std::shared_ptr<waiting> state_;
};

} // namespace procession::windows
