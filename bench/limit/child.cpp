#include "child.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace procession::bench {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::system_category(), what};
}

struct pipe_ends {
  descriptor read;
  descriptor write;
};

pipe_ends open_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    fail("pipe2");
  return {descriptor{fds[0]}, descriptor{fds[1]}};
}

descriptor open_null() {
  return descriptor{::open("/dev/null", O_RDWR | O_CLOEXEC)};
}

/// The master is the end that is read.
pipe_ends open_terminal() {
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0)
    fail("openpty");
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  return {descriptor{master}, descriptor{slave}};
}

pid_t vfork_exec(char* const* argv, int in, int out, int err, bool terminal) {
  auto pid = ::vfork();
  if (pid < 0)
    fail("vfork");
  if (pid != 0)
    return pid;
  ::setsid();
  if (terminal)
    ::ioctl(in, TIOCSCTTY, 0);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

} // namespace

wiring wiring_named(const std::string& name) {
  if (name == "pipes")
    return wiring::pipes;
  if (name == "pty")
    return wiring::terminal;
  throw std::runtime_error{"neither pipes nor pty: " + name};
}

descriptor::descriptor(descriptor&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)) {
  // nop
}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

descriptor::~descriptor() {
  close();
}

void descriptor::close() noexcept {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

child::child(wiring how, const std::vector<std::string>& command)
  : terminal_(how == wiring::terminal) {
  std::vector<char*> argv;
  for (auto& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  if (how == wiring::nothing) {
    auto null = open_null();
    pid_ = vfork_exec(argv.data(), null.get(), null.get(), null.get(), false);
  } else if (terminal_) {
    auto ends = open_terminal();
    auto slave = ends.write.get();
    pid_ = vfork_exec(argv.data(), slave, slave, slave, true);
    out_ = std::move(ends.read);
  } else {
    pipe_ends in;
    if (how == wiring::pipes)
      in = open_pipe();
    else
      in.read = open_null();
    auto out = open_pipe();
    auto err = open_pipe();
    pid_ = vfork_exec(argv.data(), in.read.get(), out.write.get(),
                      err.write.get(), false);
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
  }
}

child::child(child&& other) noexcept
  : pid_(std::exchange(other.pid_, -1)), terminal_(other.terminal_),
    in_(std::move(other.in_)), out_(std::move(other.out_)),
    err_(std::move(other.err_)) {
  // nop
}

child::~child() {
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::size_t child::read_some(char* to, std::size_t size) {
  auto n = ::read(out_.get(), to, size);
  // The first EIO may come before the last output.
  if (n < 0 && terminal_ && errno == EIO)
    n = ::read(out_.get(), to, size);
  if (n < 0 && !(terminal_ && errno == EIO))
    fail("read");
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

void child::read_all(char* to, std::size_t size) {
  while (size > 0) {
    auto n = read_some(to, size);
    if (n == 0)
      throw std::runtime_error{"the child ended early"};
    to += n;
    size -= n;
  }
}

void child::write_all(const char* from, std::size_t size) {
  auto fd = terminal_ ? out_.get() : in_.get();
  while (size > 0) {
    auto n = ::write(fd, from, size);
    if (n < 0)
      fail("write");
    from += n;
    size -= static_cast<std::size_t>(n);
  }
}

void child::close_input() noexcept {
  in_.close();
}

std::size_t child::drain() {
  char buffer[4096];
  std::size_t result = 0;
  while (auto n = read_some(buffer, sizeof(buffer)))
    result += n;
  while (err_.valid()) {
    auto n = ::read(err_.get(), buffer, sizeof(buffer));
    if (n <= 0)
      break;
    result += static_cast<std::size_t>(n);
  }
  return result;
}

void child::expect_success() {
  int status = 0;
  if (::waitpid(std::exchange(pid_, -1), &status, 0) < 0)
    fail("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error{"the child failed"};
}

} // namespace procession::bench
