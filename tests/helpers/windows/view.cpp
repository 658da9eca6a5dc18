// Prints what a program sees of its host: whether its console's window is
// visible, whether a process of that number shares the console, and whether a
// handle of that number is its own, too.
//
//   view PID HANDLE
#include <windows.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <string>

namespace {

const char* window() {
  auto own = ::GetConsoleWindow();
  return own != nullptr && ::IsWindowVisible(own) ? "visible" : "hidden";
}

const char* console(DWORD host) {
  std::array<DWORD, 64> there{};
  auto n = ::GetConsoleProcessList(there.data(), there.size());
  auto end = there.begin() + std::min<std::size_t>(n, there.size());
  return std::find(there.begin(), end, host) != end ? "shared" : "own";
}

const char* handle(std::uintptr_t number) {
  DWORD flags = 0;
  return ::GetHandleInformation(reinterpret_cast<HANDLE>(number), &flags)
           ? "inherited"
           : "unknown";
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return 2;
  std::cout << window() << '-'
            << console(static_cast<DWORD>(std::stoul(argv[1]))) << '-'
            << handle(std::stoull(argv[2])) << std::endl;
}
