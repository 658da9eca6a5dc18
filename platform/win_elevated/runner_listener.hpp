#pragma once

#include "procession/messages/expected.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/windows/stream_handle.hpp>

#include <windows.h>

#include <functional>
#include <memory>
#include <string>

namespace procession::windows {

/// A named pipe, both ways and overlapped, where one very process is awaited.
/// Its name is random, it is the only one of that name, no remote client gets
/// at it, and only our user and the runner's do at all. Other processes of
/// theirs are turned away.
class runner_listener {
public:
  using stream = boost::asio::windows::stream_handle;

  /// @param runner security identifier of the runner's user, as text.
  static expected<std::unique_ptr<runner_listener>>
  open(boost::asio::io_context& where, const std::string& runner);

  runner_listener(const runner_listener&) = delete;
  runner_listener& operator=(const runner_listener&) = delete;
  /// On the reactor. Nobody is awaited any more.
  ~runner_listener();

  /// What the runner is to open.
  const std::string& name() const noexcept {
    return name_;
  }

  /// Calls `done` once, on the reactor, with the connection of process `pid`,
  /// or with why there will be none. Whoever came before this is looked at
  /// then.
  /// @param pid of a process that the caller holds a handle to, so that no
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
