#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace procession::test {

/// Returns how many threads this process has. A thread that was joined does not
/// count, although the kernel may list it for a while: it has begun to exit
/// before pthread_join(3) returns (PF_EXITING in proc(5)'s stat).
inline std::size_t count_threads() {
  constexpr unsigned long exiting = 0x4;
  std::size_t result = 0;
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{task.path() / "stat"};
    std::string text;
    std::getline(file, text);
    // The name may hold anything but ends with ')'. After it come the state and
    // five numbers, and then the flags.
    std::istringstream rest{text.substr(text.rfind(')') + 1)};
    std::string skipped;
    for (auto i = 0; i < 6; ++i)
      rest >> skipped;
    unsigned long flags = exiting;
    rest >> flags;
    if ((flags & exiting) == 0)
      ++result;
  }
  return result;
}

} // namespace procession::test
