#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/posix/edge_watch.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace procession::posix {

/// Ends the input of a terminal, until it is destroyed.
///
/// On a terminal the end is no state but a character (VEOF, termios(3)), and
/// whoever reads that is told once. It is typed when all that was typed before
/// was read, for what it means depends on the mode that the terminal has then.
/// And it is typed again whenever it was read: what was typed for one mode
/// means nothing in another (readline reads it as a NUL), a program may drop
/// its input (TCSAFLUSH), and the next program on the terminal is to find its
/// input at the end like the first one. A program that does not take it for the
/// end, which in a raw mode is just a key, gets it less and less often.
///
/// That the slave side reads is told by the wake-up for those who wait for room
/// in the terminal (n_tty_check_unthrottle of n_tty.c, pty_unthrottle of
/// pty.c).
class terminal_end {
public:
  /// Starts at once. On the reactor.
  /// @param slave our hold on the slave side; opened anew if it is hung up.
  /// @param before what was typed last.
  terminal_end(stream_owner& owner, loop& reactor, int master, unique_fd& slave,
               char before);
  terminal_end(const terminal_end&) = delete;
  terminal_end& operator=(const terminal_end&) = delete;

private:
  void check();
  void watch_slave();
  void type();
  void await_event();

  stream_owner& owner_;
  int master_;
  unique_fd& slave_;
  char before_;
  edge_watch events_;
  boost::asio::steady_timer pause_over_;
  /// The next one is not typed earlier.
  std::chrono::steady_clock::time_point next_;
  std::chrono::milliseconds pause_;
  /// Gone with this object, while what it waits for may be due already.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace procession::posix
