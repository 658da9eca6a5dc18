#include "common/standard_streams.hpp"

#include "common/posix/again.hpp"

#include <unistd.h>

namespace procession {

namespace {

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (!again(fd, POLLOUT))
      return;
  }
}

} // namespace

void print(std::string_view text) {
  write_all(STDOUT_FILENO, text);
}

void say(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

} // namespace procession
