#include "procession/platform/posix/close_descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace procession::posix {

namespace {

/// The layout of getdents64(2); libc's is meant for readdir(3).
struct directory_entry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[1];
};

/// Reads a name in /proc/self/fd as a number; false for `.` and `..`.
bool parse_number(const char* name, unsigned& result) noexcept {
  result = 0;
  for (; *name >= '0' && *name <= '9'; ++name)
    result = 10 * result + static_cast<unsigned>(*name - '0');
  return *name == '\0';
}

bool close_listed(unsigned first, unsigned last) noexcept {
  auto directory = static_cast<int>(::syscall(
    SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory < 0)
    return false;
  alignas(directory_entry) char buffer[1024];
  auto size = 0L;
  while ((size = ::syscall(SYS_getdents64, directory, buffer, sizeof(buffer)))
         > 0)
    for (auto at = 0L; at < size;) {
      auto& entry = *reinterpret_cast<directory_entry*>(buffer + at);
      at += entry.length;
      unsigned fd = 0;
      if (parse_number(entry.name, fd) && fd >= first && fd <= last
          && fd != static_cast<unsigned>(directory))
        ::syscall(SYS_close, fd);
    }
  ::syscall(SYS_close, directory);
  return size == 0;
}

bool close_allowed(unsigned first, unsigned last) noexcept {
  rlimit limit{};
  if (::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0)
    return false;
  auto end = std::min<std::uint64_t>(limit.rlim_cur, std::uint64_t{last} + 1);
  for (std::uint64_t fd = first; fd < end; ++fd)
    ::syscall(SYS_close, fd);
  return true;
}

} // namespace

long close_descriptors(unsigned first, unsigned last) noexcept {
  auto result = ::syscall(SYS_close_range, first, last, 0);
  auto os_code = errno;
  if (result == 0 || close_listed(first, last) || close_allowed(first, last))
    return 0;
  errno = os_code;
  return -1;
}

long close_descriptors_but(int kept) noexcept {
  if (kept < 0)
    return close_descriptors(3, ~0u);
  auto number = static_cast<unsigned>(kept);
  auto below = number > 3 ? close_descriptors(3, number - 1) : 0;
  return below != 0 ? below : close_descriptors(number + 1, ~0u);
}

} // namespace procession::posix
