#include "../system.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/ioctl.h>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace actor {

namespace {

void on_signal(int signo, std::function<void()> f) {
  if (f == nullptr) {
    std::signal(signo, SIG_IGN);
    return;
  }
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signo);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread{[set, f = std::move(f)] {
    int ignored = 0;
    ::sigwait(&set, &ignored);
    f();
  }}.detach();
}

} // namespace

std::vector<std::string> words(int argc, char** argv) {
  return {argv + 1, argv + argc};
}

std::string variable(const std::string& name) {
  auto* value = std::getenv(name.c_str());
  return value == nullptr ? "none" : value;
}

std::string directory() {
  return std::filesystem::current_path().string();
}

std::size_t read_input(std::span<char> to) {
  for (;;) {
    auto n = ::read(0, to.data(), to.size());
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (errno != EINTR)
      return 0;
  }
}

bool write_output(int stream, std::span<const char> bytes) {
  while (!bytes.empty()) {
    auto n = ::write(stream, bytes.data(), bytes.size());
    if (n >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return false;
  }
  return true;
}

void close_stream(int stream) {
  ::close(stream);
}

std::int64_t own_pid() {
  return ::getpid();
}

std::int64_t start_self(const std::vector<std::string>& words, bool silent) {
  int ready[2] = {};
  if (::pipe2(ready, O_CLOEXEC) != 0)
    leave(96);
  auto pid = ::fork();
  if (pid == 0) {
    ::setsid();
    ::close(0);
    ::open("/dev/null", O_RDONLY);
    if (silent)
      for (auto stream : {1, 2}) {
        ::close(stream);
        ::open("/dev/null", O_WRONLY);
      }
    std::vector<char*> argv;
    auto name = std::string{"actor"};
    argv.push_back(name.data());
    for (auto& x : words)
      argv.push_back(const_cast<char*>(x.c_str()));
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(96);
  }
  ::close(ready[1]);
  // The read ends when the other side has executed its program.
  char nothing = 0;
  while (::read(ready[0], &nothing, 1) < 0 && errno == EINTR)
    continue;
  ::close(ready[0]);
  return pid;
}

void on_interrupt(std::function<void()> f) {
  on_signal(SIGINT, std::move(f));
}

void on_terminate(std::function<void()> f) {
  on_signal(SIGTERM, std::move(f));
}

std::string terminal_size() {
  winsize size{};
  if (::ioctl(1, TIOCGWINSZ, &size) != 0)
    return "none";
  return std::to_string(size.ws_row) + ' ' + std::to_string(size.ws_col);
}

void set_raw() {
  termios mode{};
  if (::tcgetattr(0, &mode) != 0)
    return;
  ::cfmakeraw(&mode);
  ::tcsetattr(0, TCSANOW, &mode);
}

void leave(std::uint32_t code) {
  ::_exit(static_cast<int>(code));
}

} // namespace actor
