#include "common/standard_streams.hpp"

#include "common/posix/again.hpp"

namespace procession {

void print(std::string_view text) {
  write_all(STDOUT_FILENO, text);
}

void say(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

} // namespace procession
