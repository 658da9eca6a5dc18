#include "../child.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace procession::bench {

namespace {

constexpr std::size_t block_size = 64 * 1024;

char block[block_size];

void write_all(std::size_t n) {
  std::size_t written = 0;
  while (written < n) {
    auto result = ::write(1, block + written, n - written);
    if (result <= 0)
      ::_exit(1);
    written += static_cast<std::size_t>(result);
  }
}

void flood(std::uint64_t bytes) {
  if (::read(0, block, 1) != 1)
    return;
  while (bytes > 0) {
    auto n = std::min<std::uint64_t>(bytes, block_size);
    write_all(n);
    bytes -= n;
  }
}

void echo() {
  while (true) {
    auto n = ::read(0, block, block_size);
    if (n <= 0)
      return;
    write_all(static_cast<std::size_t>(n));
  }
}

void make_raw() {
  termios settings;
  if (::tcgetattr(0, &settings) != 0)
    return;
  ::cfmakeraw(&settings);
  ::tcsetattr(0, TCSANOW, &settings);
}

} // namespace

std::vector<std::string> child_args(child_kind kind, std::uint64_t bytes) {
  if (kind == child_kind::flood)
    return {"--child", "flood", std::to_string(bytes)};
  return {"--child", "echo"};
}

const std::string& own_path() {
  static const auto result
    = std::filesystem::read_symlink("/proc/self/exe").string();
  return result;
}

bool play_child(int argc, char** argv) {
  if (argc < 3 || argv[1] != std::string_view{"--child"})
    return false;
  make_raw();
  write_all(1);
  auto what = std::string_view{argv[2]};
  if (what == "flood" && argc > 3)
    flood(std::stoull(argv[3]));
  else if (what == "echo")
    echo();
  return true;
}

} // namespace procession::bench
