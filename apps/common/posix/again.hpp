#pragma once

#include <cerrno>
#include <poll.h>
#include <string_view>
#include <unistd.h>

namespace procession {

/// Returns whether to repeat a read or a write that has failed. If the stream
/// is non-blocking, waits for `events` (poll(2)) first: another process may
/// have set O_NONBLOCK, which belongs to the shared open file (fcntl(2)).
inline bool again(int fd, short events) {
  if (errno == EINTR)
    return true;
  if (errno != EAGAIN)
    return false;
  pollfd what{fd, events, 0};
  ::poll(&what, 1, -1);
  return true;
}

/// Writes everything. @returns false if it cannot be written.
inline bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (!again(fd, POLLOUT))
      return false;
  }
  return true;
}

} // namespace procession
