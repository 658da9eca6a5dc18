#include "plain.hpp"

#include "../child.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace procession::bench::plain {

namespace {

constexpr std::size_t block_size = 64 * 1024;

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::system_category(), what};
}

/// Both ends of the child's standard input and output.
struct streams {
  int in = -1;
  int out = -1;
  int child_in = -1;
  int child_out = -1;
};

streams open_pipes() {
  int in[2];
  int out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0)
    fail("pipe2");
  return {in[1], out[0], in[0], out[1]};
}

streams open_terminal() {
  auto master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0)
    fail("posix_openpt");
  auto slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0)
    fail("open");
  return {master, master, slave, slave};
}

/// Runs `argv` in a session of its own; a descriptor of -1 is left out.
pid_t vfork_exec(char* const* argv, int in, int out, bool terminal) {
  auto pid = ::vfork();
  if (pid < 0)
    fail("vfork");
  if (pid != 0)
    return pid;
  if (in >= 0) {
    ::setsid();
    if (terminal)
      ::ioctl(in, TIOCSCTTY, 0);
    ::dup2(in, 0);
    ::dup2(out, 1);
  }
  ::execv(argv[0], argv);
  ::_exit(127);
}

void wait_for(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid)
    fail("waitpid");
}

std::size_t read_some(int fd, char* to, std::size_t size) {
  auto n = ::read(fd, to, size);
  if (n <= 0)
    throw std::runtime_error{"the child ended early"};
  return static_cast<std::size_t>(n);
}

void read_all(int fd, char* to, std::size_t size) {
  for (std::size_t had = 0; had < size;)
    had += read_some(fd, to, size - had);
}

void write_all(int fd, const char* from, std::size_t size) {
  if (::write(fd, from, size) != static_cast<ssize_t>(size))
    fail("write");
}

} // namespace

child::child(stdio_kind kind, const std::string& program,
             const std::vector<std::string>& args) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (auto& x : args)
    argv.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  auto terminal = kind == stdio_kind::pty;
  auto ends = terminal ? open_terminal() : open_pipes();
  in_ = ends.in;
  out_ = ends.out;
  pid_ = vfork_exec(argv.data(), ends.child_in, ends.child_out, terminal);
  ::close(ends.child_in);
  if (ends.child_out != ends.child_in)
    ::close(ends.child_out);
}

child::child(child&& other) noexcept
  : pid_(std::exchange(other.pid_, -1)), in_(other.in_), out_(other.out_) {
  // nop
}

child::~child() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  ::close(in_);
  if (out_ != in_)
    ::close(out_);
  ::waitpid(pid_, nullptr, 0);
}

double flood(stdio_kind kind, std::uint64_t bytes) {
  auto source = child{kind, own_path(), child_args(child_kind::flood, bytes)};
  std::vector<char> block(block_size);
  read_all(source.out(), block.data(), 1);
  stopwatch time;
  write_all(source.in(), block.data(), 1);
  for (std::uint64_t had = 0; had < bytes;)
    had += read_some(source.out(), block.data(), block.size());
  return time.seconds();
}

round_trips echo(std::size_t count, std::size_t size) {
  auto other = child{stdio_kind::pty, own_path(), child_args(child_kind::echo)};
  char ready = 0;
  read_all(other.out(), &ready, 1);
  std::vector<char> message(size, 'x');
  std::vector<double> times;
  times.reserve(count);
  while (times.size() < count) {
    stopwatch time;
    write_all(other.in(), message.data(), size);
    read_all(other.out(), message.data(), size);
    times.push_back(time.seconds());
  }
  return summarize(std::move(times));
}

double spawn(std::size_t count) {
  char program[] = "/bin/true";
  char* argv[] = {program, nullptr};
  stopwatch time;
  for (std::size_t i = 0; i < count; ++i)
    wait_for(vfork_exec(argv, -1, -1, false));
  return time.seconds();
}

std::vector<child> idle(std::size_t count) {
  std::vector<child> result;
  char byte = 0;
  while (result.size() < count) {
    auto& x = result.emplace_back(stdio_kind::pipes, "/bin/cat",
                                  std::vector<std::string>{});
    write_all(x.in(), &byte, 1);
    read_all(x.out(), &byte, 1);
  }
  return result;
}

} // namespace procession::bench::plain
