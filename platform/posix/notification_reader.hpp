#pragma once

#include "procession/platform/common/stream_owner.hpp"
#include "procession/platform/posix/watched_fd.hpp"

namespace procession::posix {

/// Waits for the line by which a child says that it is ready. On the reactor,
/// unless stated otherwise.
class notification_reader {
public:
  notification_reader(stream_owner& owner, loop& reactor);

  /// Takes `fd`, if it is one. On the launcher, before anything else.
  /// @returns whether the reactor takes it.
  bool open(unique_fd& fd);

  /// Waits for the line, if it is open. On the launcher at first.
  void await();

  /// Reads what the process, which has ended, has left there, and closes.
  void finish();

  void close();

private:
  /// @returns whether more may come.
  bool read();

  stream_owner& owner_;
  loop& reactor_;
  /// Null when nothing more is expected.
  watched_fd io_;
};

} // namespace procession::posix
