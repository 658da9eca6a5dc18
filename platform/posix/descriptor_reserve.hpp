#pragma once

#include "procession/platform/posix/fd.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>

namespace procession::posix {

/// Reserves a few descriptors, so that processes can be ended in a program that
/// has used up all others.
class descriptor_reserve {
public:
  descriptor_reserve() {
    fill();
  }

  /// Calls `f`, which returns whether it succeeded. If it lacked descriptors
  /// (`errno`), frees the reserve and calls it again.
  template <class F>
  bool with(F f) {
    if (f())
      return true;
    if (!no_descriptor_left(errno))
      return false;
    for (auto& x : fds_)
      x.reset();
    auto result = f();
    auto os_code = errno;
    fill();
    errno = os_code;
    return result;
  }

private:
  void fill() {
    for (auto& x : fds_)
      if (!x)
        x.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }

  std::array<unique_fd, 4> fds_;
};

} // namespace procession::posix
