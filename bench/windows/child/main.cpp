// The children of the programs that are measured on Windows; those of POSIX
// systems are in bench/child.
#include "../../common/items.hpp"

#include <windows.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace procession::bench {

namespace {

/// Returns 0 at the end of the input.
std::size_t read_some(std::vector<char>& to) {
  DWORD n = 0;
  ::ReadFile(::GetStdHandle(STD_INPUT_HANDLE), to.data(),
             static_cast<DWORD>(to.size()), &n, nullptr);
  return n;
}

void write_all(const char* from, std::size_t size) {
  DWORD written = 0;
  if (!::WriteFile(::GetStdHandle(STD_OUTPUT_HANDLE), from,
                   static_cast<DWORD>(size), &written, nullptr)
      || written != size)
    throw std::runtime_error{"cannot write"};
}

/// Writes BYTES in blocks of BLOCK.
void flood(arguments& args) {
  auto left = args.number();
  std::vector<char> block(args.number(), 'x');
  while (left > 0) {
    auto n = std::min<std::uint64_t>(left, block.size());
    write_all(block.data(), n);
    left -= n;
  }
}

/// Writes one byte, to say that it is ready, and then all that it reads.
void echo(arguments&) {
  write_all("R", 1);
  std::vector<char> buffer(64 * 1024);
  while (auto n = read_some(buffer))
    write_all(buffer.data(), n);
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  using namespace procession::bench;
  return measure({{"flood", flood}, {"echo", echo}}, {argv + 1, argv + argc});
}
