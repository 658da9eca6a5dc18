#pragma once

#include <cerrno>
#include <poll.h>

namespace procession {

/// After a read or a write has failed: whether it is to be repeated. If the
/// stream does not block, which whoever shares it may have chosen (O_NONBLOCK
/// belongs to the open file, fcntl(2)), this waits for `events` (poll(2)).
inline bool again(int fd, short events) {
  if (errno == EINTR)
    return true;
  if (errno != EAGAIN)
    return false;
  pollfd what{fd, events, 0};
  ::poll(&what, 1, -1);
  return true;
}

} // namespace procession
