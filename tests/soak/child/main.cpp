// The program of the soak's sessions: writes patterns to its output streams,
// compares its input with one, starts descendants that do not end by
// themselves, and ends as it was told. It uses only the C++ library, so that
// tens of thousands of starts are fast.
#include "../pattern.hpp"
#include "orders.hpp"
#include "tree.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>

namespace procession::soak {

namespace {

constexpr std::size_t largest = 1024 * 1024;

/// The work on the three streams, in an order that chance decides.
class worker {
public:
  explicit worker(const orders& x)
    : orders_(x), random_(x.seed),
      buffer_(std::make_unique<std::byte[]>(largest)) {
    // nop
  }

  void run() {
    while (true) {
      auto out = written_[0] < orders_.out;
      auto err = written_[1] < orders_.err;
      auto in = orders_.use != input_use::ignore && !input_over_;
      if (!out && !err && !in)
        return;
      // Input is waited for only if there is nothing else to do.
      if (in && (readable(0) || (!out && !err)))
        read_some();
      if (out && (!err || chance(2)))
        write_some(1, orders_.out_seed, orders_.out);
      else if (err)
        write_some(2, orders_.err_seed, orders_.err);
      if (orders_.pause > 0 && chance(8))
        ::usleep(below(orders_.pause));
    }
  }

private:
  std::uint32_t below(std::uint64_t n) {
    return static_cast<std::uint32_t>(random_()
                                      % std::max<std::uint64_t>(n, 1));
  }

  bool chance(unsigned of) {
    return below(of) == 0;
  }

  /// Returns a size; each order of magnitude is equally likely.
  std::size_t any_size() {
    auto bits = below(21);
    return std::max<std::size_t>(1, below(std::uint64_t{2} << bits))
           % (largest + 1);
  }

  static bool readable(int fd) {
    auto entry = pollfd{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  }

  void write_all(int fd, const std::byte* data, std::size_t size) {
    while (size > 0) {
      auto n = ::write(fd, data, size);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        ::_exit(output_failed);
      data += n;
      size -= static_cast<std::size_t>(n);
    }
  }

  void write_some(int fd, std::uint32_t seed, std::uint64_t total) {
    auto& at = written_[fd - 1];
    auto n = std::min<std::uint64_t>(any_size(), total - at);
    fill({buffer_.get(), n}, seed, at);
    write_all(fd, buffer_.get(), n);
    at += n;
  }

  void read_some() {
    if (!orders_.input_ends && read_ == orders_.in) {
      input_over_ = true;
      return;
    }
    auto n = ::read(0, buffer_.get(), any_size());
    if (n < 0 && errno == EINTR)
      return;
    if (n <= 0) {
      input_over_ = true;
      // This also happens when the session is ended from outside, so it is not
      // reported as a mistake: the exit code shows it, if it counts.
      if (read_ < orders_.in)
        ::_exit(input_too_short);
      return;
    }
    auto size = static_cast<std::size_t>(n);
    if (auto bad = first_wrong({buffer_.get(), size}, orders_.in_seed, read_))
      fail(input_wrong, *bad);
    read_ += size;
    if (read_ > orders_.in)
      fail(input_too_long, read_);
    if (orders_.use == input_use::echo)
      write_all(1, buffer_.get(), size);
    if (!orders_.input_ends && read_ == orders_.in)
      input_over_ = true;
  }

  [[noreturn]] void fail(verdict code, std::uint64_t offset) {
    char line[100];
    std::snprintf(line, sizeof(line), "wrong %llu code %d offset %llu\n",
                  static_cast<unsigned long long>(orders_.number), code,
                  static_cast<unsigned long long>(offset));
    report_line(orders_, line);
    ::_exit(code);
  }

  const orders& orders_;
  std::mt19937 random_;
  std::unique_ptr<std::byte[]> buffer_;
  std::uint64_t written_[2] = {0, 0};
  std::uint64_t read_ = 0;
  bool input_over_ = false;
};

void make_raw() {
  termios settings;
  if (::tcgetattr(0, &settings) != 0)
    ::_exit(unable);
  ::cfmakeraw(&settings);
  if (::tcsetattr(0, TCSANOW, &settings) != 0)
    ::_exit(unable);
}

[[noreturn]] void end_as_told(const orders& x) {
  if (x.end == ending::signal) {
    std::signal(x.value, SIG_DFL);
    std::raise(x.value);
  }
  while (x.end == ending::none)
    ::pause();
  ::_exit(x.end == ending::code ? x.value : unable);
}

int main_of(int argc, char** argv) {
  if (play_daemon(argc, argv))
    return 0;
  auto x = from_words(argc, argv);
  report_self(x, "leader");
  auto no_core = rlimit{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (x.terminal)
    make_raw();
  if (x.stubborn)
    for (auto signo : {SIGTERM, SIGINT, SIGHUP})
      std::signal(signo, SIG_IGN);
  if (!grow_tree(x))
    return unable;
  if (x.notify > 0 && ::write(x.notify, "\n", 1) != 1)
    return unable;
  worker{x}.run();
  end_as_told(x);
}

} // namespace

} // namespace procession::soak

int main(int argc, char** argv) {
  try {
    return procession::soak::main_of(argc, argv);
  } catch (const std::exception& x) {
    std::fprintf(stderr, "soak child: %s\n", x.what());
    return procession::soak::unable;
  }
}
