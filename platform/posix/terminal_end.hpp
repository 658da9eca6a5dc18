#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/posix/edge_watch.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>

namespace procession::posix {

/// Ends the input of a terminal, until it is destroyed.
///
/// The end of a terminal's input is not a state but a character (VEOF,
/// termios(3)), which only one read receives. It is typed once all earlier
/// input was read, since its meaning depends on the mode that the terminal has
/// then. It is typed again whenever it was read: the one typed for one mode has
/// no meaning in another (readline reads a NUL), a program may drop its input
/// (TCSAFLUSH), and the next program on the terminal should find its input at
/// the end, too. A program that does not take it for the end, since it is only
/// a key in a raw mode, gets it less and less often.
///
/// Reads of the slave side are noticed by the wake-up of writers that wait for
/// room in the terminal (n_tty_check_unthrottle of n_tty.c, pty_unthrottle of
/// pty.c).
class terminal_end {
public:
  /// Starts at once. On the reactor.
  /// @param slave our descriptor of the slave side; reopened if it is hung up.
  /// @param before the last character typed.
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
  /// The earliest time for the next one.
  std::chrono::steady_clock::time_point next_;
  std::chrono::milliseconds pause_;
  /// Expires with this object, when its handlers may already be queued.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace procession::posix
