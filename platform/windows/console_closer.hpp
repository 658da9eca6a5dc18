#pragma once

#include "procession/io/reactor/loop.hpp"
#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/windows/pseudoconsole.hpp"

#include <functional>
#include <memory>
#include <thread>

namespace procession::windows {

/// Holds the console of a child and closes it on its own thread, since closing
/// may block until its output was read. On the reactor.
class console_closer {
public:
  /// @param closed called on the reactor when the console was closed.
  console_closer(stream_owner& owner, loop& reactor,
                 std::function<void()> closed);
  console_closer(const console_closer&) = delete;
  console_closer& operator=(const console_closer&) = delete;
  /// Abandons the thread, if it was not joined.
  ~console_closer();

  /// Takes a console; null on pipes.
  void open(std::shared_ptr<pseudoconsole> console);

  /// The console; null if there is none or it was closed.
  pseudoconsole* get() const noexcept {
    return console_.get();
  }

  /// Begins to close the console, if there is one.
  void close();

  /// Whether the console is being closed.
  bool closing() const noexcept {
    return closing_;
  }

  /// Waits for the thread, if there was one.
  void join();

private:
  stream_owner& owner_;
  loop& reactor_;
  std::function<void()> closed_;
  std::shared_ptr<pseudoconsole> console_;
  std::thread thread_;
  bool closing_ = false;
};

} // namespace procession::windows
