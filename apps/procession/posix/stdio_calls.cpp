#include "../stdio_calls.hpp"

#include "../job_control.hpp"
#include "../stdio_threads.hpp"
#include "input_descriptor.hpp"

#include "common/posix/again.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace procession::cli {

namespace {

/// A pipe that is ready has room for this many bytes (PIPE_BUF, pipe(7)). A
/// larger write may wait in the middle, where its progress cannot be seen.
constexpr std::size_t piece = 4096;

/// Returns whether `fd` is a device. isatty(3) denies a terminal that was hung
/// up.
bool is_device(int fd) {
  struct stat info{};
  return ::fstat(fd, &info) == 0 && S_ISCHR(info.st_mode);
}

} // namespace

std::size_t read_some(std::span<char> buffer, std::error_code& ec) {
  for (;;) {
    auto n = ::read(input_descriptor(), buffer.data(), buffer.size());
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (again(input_descriptor(), POLLIN))
      continue;
    auto why = errno;
    if (why == EIO && wait_for_foreground())
      continue;
    if (why != EBADF && !(why == EIO && is_device(input_descriptor())))
      ec.assign(why, std::generic_category());
    return 0;
  }
}

void release_standard_input() {
  auto nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0)
    return;
  ::dup2(nothing, STDIN_FILENO);
  ::close(nothing);
}

std::size_t write_some(stream_kind stream, std::span<const std::byte> bytes,
                       std::error_code& ec) {
  auto fd = stream == stream_kind::out ? STDOUT_FILENO : STDERR_FILENO;
  pollfd room{fd, POLLOUT, 0};
  ::poll(&room, 1, -1);
  for (;;) {
    auto n = ::write(fd, bytes.data(), std::min(bytes.size(), piece));
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (again(fd, POLLOUT))
      continue;
    ec.assign(errno, std::generic_category());
    return 0;
  }
}

void complete_stdio() {
  for (auto fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0)
      // It gets the lowest free number, which is the missing one. It is opened
      // in the wrong direction, so that using it remains an error.
      ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

bool reader_gone(const std::error_code& x) {
  // EIO: the terminal was hung up.
  return x == std::errc::broken_pipe || x == std::errc::io_error
         || x == std::errc::connection_reset;
}

bool no_such_stream(const std::error_code& x) {
  return x == std::errc::bad_file_descriptor;
}

} // namespace procession::cli
