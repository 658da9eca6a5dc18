// The children of the measured programs, and what surrounds these: other
// processes, and busy cores. On a terminal a child first makes it raw.
#include "../common/items.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace procession::bench {

namespace {

void make_raw() {
  termios settings;
  if (::tcgetattr(STDIN_FILENO, &settings) != 0)
    return;
  ::cfmakeraw(&settings);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

/// Returns 0 at the end of the input.
std::size_t read_some(std::vector<char>& to) {
  return static_cast<std::size_t>(
    std::max<ssize_t>(0, ::read(STDIN_FILENO, to.data(), to.size())));
}

void write_all(const char* from, std::size_t size) {
  while (size > 0) {
    auto n = ::write(STDOUT_FILENO, from, size);
    if (n <= 0)
      throw std::runtime_error{"cannot write"};
    from += n;
    size -= static_cast<std::size_t>(n);
  }
}

/// Writes BYTES in blocks of BLOCK.
void flood(arguments& args) {
  make_raw();
  auto left = args.number();
  std::vector<char> block(args.number(), 'x');
  while (left > 0) {
    auto n = std::min<std::uint64_t>(left, block.size());
    write_all(block.data(), n);
    left -= n;
  }
}

/// The same, once a byte of input has come.
void gated_flood(arguments& args) {
  make_raw();
  std::vector<char> byte(1);
  if (read_some(byte) == 1)
    flood(args);
}

/// Writes one byte, to say that it is ready, and then all that it reads.
void echo(arguments&) {
  make_raw();
  write_all("R", 1);
  std::vector<char> buffer(64 * 1024);
  while (auto n = read_some(buffer))
    write_all(buffer.data(), n);
}

/// Reads all input and writes how many bytes there were.
void sink(arguments&) {
  std::vector<char> buffer(128 * 1024);
  std::uint64_t bytes = 0;
  while (auto n = read_some(buffer))
    bytes += n;
  std::cout << bytes << '\n';
}

/// Keeps one core busy until it is killed or its parent is gone.
void spin(arguments&) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::atomic<std::uint64_t> turns{0};
  while (true)
    ++turns;
}

/// Surrounds a measured program with SIZE processes that do nothing, until the
/// input ends. Writes one byte when they are there.
void crowd(arguments& args) {
  std::vector<pid_t> members(args.number());
  auto parent = ::getpid();
  for (auto& member : members) {
    member = ::fork();
    if (member < 0)
      throw std::runtime_error{"cannot fork"};
    if (member != 0)
      continue;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (::getppid() == parent)
      ::pause();
    ::_exit(0);
  }
  write_all("R", 1);
  std::vector<char> byte(1);
  while (read_some(byte) > 0) {
    // nop
  }
  for (auto member : members)
    ::kill(member, SIGKILL);
  for (auto member : members)
    ::waitpid(member, nullptr, 0);
}

} // namespace

} // namespace procession::bench

int main(int argc, char** argv) {
  using namespace procession::bench;
  return measure({{"flood", flood},
                  {"gated-flood", gated_flood},
                  {"echo", echo},
                  {"sink", sink},
                  {"spin", spin},
                  {"crowd", crowd}},
                 {argv + 1, argv + argc});
}
