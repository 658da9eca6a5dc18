#include "../child.hpp"

#include "procession/platform/windows/system.hpp"

#include <windows.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace procession::bench {

namespace {

constexpr std::size_t block_size = 64 * 1024;

std::array<char, block_size> block;

std::size_t read_some(std::size_t most) {
  DWORD n = 0;
  ::ReadFile(::GetStdHandle(STD_INPUT_HANDLE), block.data(),
             static_cast<DWORD>(most), &n, nullptr);
  return n;
}

/// @returns whether all was written.
bool write_all(std::size_t n) {
  DWORD written = 0;
  return ::WriteFile(::GetStdHandle(STD_OUTPUT_HANDLE), block.data(),
                     static_cast<DWORD>(n), &written, nullptr)
         && written == n;
}

void flood(std::uint64_t bytes) {
  if (read_some(1) != 1)
    return;
  while (bytes > 0) {
    auto n = std::min<std::uint64_t>(bytes, block_size);
    if (!write_all(n))
      return;
    bytes -= n;
  }
}

void echo() {
  for (auto n = read_some(block_size); n > 0; n = read_some(block_size))
    if (!write_all(n))
      return;
}

} // namespace

std::vector<std::string> child_args(child_kind kind, std::uint64_t bytes) {
  if (kind == child_kind::flood)
    return {"--child", "flood", std::to_string(bytes)};
  return {"--child", "echo"};
}

const std::string& own_path() {
  static const auto result = windows::beside_own_program(
    "procession_bench.exe");
  return result;
}

bool play_child(int argc, char** argv) {
  if (argc < 3 || argv[1] != std::string_view{"--child"})
    return false;
  auto what = std::string_view{argv[2]};
  if (!write_all(1))
    return true;
  if (what == "flood" && argc > 3)
    flood(std::stoull(argv[3]));
  else if (what == "echo")
    echo();
  return true;
}

} // namespace procession::bench
