#include "procession/platform/posix/fd.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace procession::posix {

namespace {

/// Takes the descriptors that a system call has filled in.
pipe_ends ends_of(const int (&fds)[2], int result_of_call,
                  std::error_code& ec) {
  if (result_of_call != 0) {
    ec = last_error();
    return {};
  }
  auto read = unique_fd{fds[0]};
  auto write = unique_fd{fds[1]};
  pipe_ends result;
  result.read = at_least_3(std::move(read), ec);
  result.write = at_least_3(std::move(write), ec);
  return result;
}

} // namespace

void unique_fd::reset(int fd) noexcept {
  // close(2): the descriptor is gone whatever it returns, so errors (and EINTR)
  // must not be retried.
  if (auto old = std::exchange(fd_, fd); old >= 0)
    ::close(old);
}

bool no_descriptor_left(int os_code) noexcept {
  return os_code == EMFILE || os_code == ENFILE;
}

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

unique_fd at_least_3(unique_fd fd, std::error_code& ec) {
  if (!fd || fd.get() >= 3)
    return fd;
  auto copy = unique_fd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)};
  if (!copy)
    ec = last_error();
  return copy;
}

pipe_ends make_pipe(std::error_code& ec) {
  int fds[2];
  return ends_of(fds, ::pipe2(fds, O_CLOEXEC), ec);
}

pipe_ends make_socket_pair(std::error_code& ec) {
  int fds[2];
  return ends_of(fds, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
                 ec);
}

void set_nonblocking(int fd, std::error_code& ec) {
  auto on = 1;
  if (::ioctl(fd, FIONBIO, &on) != 0)
    ec = last_error();
}

unique_fd open_pidfd(pid_t pid, std::error_code& ec) {
  auto result = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!result)
    ec = last_error();
  return result;
}

bool send_signal(const unique_fd& pidfd, int signal) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

} // namespace procession::posix
