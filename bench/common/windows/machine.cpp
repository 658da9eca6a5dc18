#include "../machine.hpp"

#include "../phase.hpp"

#include <windows.h>

#include <cstdint>

namespace procession::bench {

usage read_usage() {
  FILETIME created, ended, kernel, user;
  ::GetProcessTimes(::GetCurrentProcess(), &created, &ended, &kernel, &user);
  auto seconds = [](const FILETIME& x) {
    auto ticks = std::uint64_t{x.dwHighDateTime} << 32 | x.dwLowDateTime;
    return static_cast<double>(ticks) * 1e-7;
  };
  return {seconds(kernel) + seconds(user), 0, 0};
}

std::vector<std::string> shortest_command() {
  return {"cmd.exe", "/c", "exit 0"};
}

// The items that need these are not measured on Windows.

std::uint64_t private_memory() {
  return 0;
}

std::size_t open_descriptors() {
  return 0;
}

void prepare_process() {
  // nop
}

} // namespace procession::bench
