#pragma once

#include <sys/types.h>

#include <system_error>
#include <utility>

namespace procession::posix {

/// Owns a file descriptor, or none (-1).
class unique_fd {
public:
  unique_fd() noexcept = default;

  explicit unique_fd(int fd) noexcept : fd_(fd) {
    // nop
  }

  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {
    // nop
  }

  unique_fd& operator=(unique_fd&& other) noexcept {
    reset(other.release());
    return *this;
  }

  ~unique_fd() {
    reset();
  }

  explicit operator bool() const noexcept {
    return fd_ >= 0;
  }

  int get() const noexcept {
    return fd_;
  }

  /// Gives the descriptor away without closing it.
  int release() noexcept {
    return std::exchange(fd_, -1);
  }

  /// Closes what it owns and owns `fd` instead.
  void reset(int fd = -1) noexcept;

private:
  int fd_ = -1;
};

/// A pipe; both ends close on exec and are numbered 3 or higher, so that they
/// cannot be mistaken for the standard streams of a host that closed its own.
struct pipe_ends {
  unique_fd read;
  unique_fd write;
};

/// Creates a pipe. `ec` is set if that fails (EMFILE, ENFILE).
pipe_ends make_pipe(std::error_code& ec);

/// Creates a pair of sockets: both ends go both ways. Likewise.
pipe_ends make_socket_pair(std::error_code& ec);

/// Moves a descriptor to a number of 3 or higher, close-on-exec.
unique_fd at_least_3(unique_fd fd, std::error_code& ec);

/// Makes reads and writes on it return instead of waiting.
void set_nonblocking(int fd, std::error_code& ec);

/// Whether an error of the system means that no descriptor is left.
bool no_descriptor_left(int os_code) noexcept;

/// The current `errno` as an error code.
std::error_code last_error() noexcept;

/// A pidfd for `pid` (pidfd_open(2), Linux 5.3); close-on-exec.
unique_fd open_pidfd(pid_t pid, std::error_code& ec);

/// pidfd_send_signal(2): whether the signal was sent.
bool send_signal(const unique_fd& pidfd, int signal) noexcept;

} // namespace procession::posix
