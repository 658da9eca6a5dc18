#include "../stdio_threads.hpp"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <span>
#include <thread>
#include <unistd.h>
#include <utility>

namespace procession::cli {

namespace {

/// A function that can be taken away from the thread that calls it.
template <class T>
class relay {
public:
  explicit relay(std::function<void(T)> sink) : sink_(std::move(sink)) {
    // nop
  }

  void operator()(T x) {
    std::lock_guard guard{mutex_};
    if (sink_)
      sink_(std::move(x));
  }

  /// After this it is not called any more.
  void cut() {
    std::function<void(T)> gone;
    std::lock_guard guard{mutex_};
    std::swap(gone, sink_);
  }

private:
  std::mutex mutex_;
  std::function<void(T)> sink_;
};

/// Whether the call is to be repeated, after waiting if that is needed: the
/// stream may be non-blocking, as others may share it.
bool again(int fd, short events) {
  if (errno == EINTR)
    return true;
  if (errno != EAGAIN)
    return false;
  pollfd what{fd, events, 0};
  ::poll(&what, 1, -1);
  return true;
}

std::size_t read_some(std::span<char> buffer) {
  for (;;) {
    auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (!again(STDIN_FILENO, POLLIN))
      return 0;
  }
}

std::error_code write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if (!again(fd, POLLOUT))
      return {errno, std::generic_category()};
  }
  return {};
}

} // namespace

void complete_stdio() {
  for (auto fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0)
      // It gets the lowest number that is free, which is the missing one. In
      // the wrong direction, so that using it is the error that it was.
      ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// -- input --------------------------------------------------------------------

struct input_thread::state {
  explicit state(std::function<void(input_chunk)> f) : sink(std::move(f)) {
    // nop
  }

  /// @returns false if there is nothing more to do.
  bool wait() {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return wanted || stop; });
    wanted = false;
    return !stop;
  }

  void run() {
    std::array<char, 64 * 1024> buffer;
    auto n = buffer.size();
    while (n > 0 && wait()) {
      n = read_some(buffer);
      sink({shared_bytes{std::string_view{buffer.data(), n}}});
    }
  }

  relay<input_chunk> sink;
  std::mutex mutex;
  std::condition_variable changed;
  bool wanted = false;
  bool stop = false;
};

input_thread::input_thread(std::function<void(input_chunk)> sink)
  : state_(std::make_shared<state>(std::move(sink))) {
  std::thread{[s = state_] { s->run(); }}.detach();
}

input_thread::~input_thread() {
  state_->sink.cut();
  std::lock_guard guard{state_->mutex};
  state_->stop = true;
  state_->changed.notify_one();
}

void input_thread::next() {
  std::lock_guard guard{state_->mutex};
  state_->wanted = true;
  state_->changed.notify_one();
}

// -- output -------------------------------------------------------------------

bool reader_gone(const std::error_code& x) {
  // EIO: the terminal was hung up.
  return x == std::errc::broken_pipe || x == std::errc::io_error
         || x == std::errc::connection_reset;
}

bool no_such_stream(const std::error_code& x) {
  return x == std::errc::bad_file_descriptor;
}

struct output_thread::state {
  struct job {
    stream_kind stream;
    shared_bytes bytes;
    std::uint64_t credit;
  };

  explicit state(std::function<void(write_done)> f) : sink(std::move(f)) {
    // nop
  }

  /// @returns false if there is nothing more to do.
  bool take(job& result) {
    std::unique_lock guard{mutex};
    changed.wait(guard, [this] { return !jobs.empty() || stop; });
    if (stop)
      return false;
    result = std::move(jobs.front());
    jobs.pop_front();
    return true;
  }

  void run() {
    job x;
    while (take(x)) {
      auto fd = x.stream == stream_kind::out ? STDOUT_FILENO : STDERR_FILENO;
      sink({x.stream, x.credit, write_all(fd, x.bytes.span())});
    }
  }

  relay<write_done> sink;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<job> jobs;
  bool stop = false;
};

output_thread::output_thread(std::function<void(write_done)> sink)
  : state_(std::make_shared<state>(std::move(sink))) {
  std::thread{[s = state_] { s->run(); }}.detach();
}

output_thread::~output_thread() {
  state_->sink.cut();
  std::lock_guard guard{state_->mutex};
  state_->stop = true;
  state_->changed.notify_one();
}

void output_thread::write(stream_kind stream, shared_bytes bytes,
                          std::uint64_t credit) {
  std::lock_guard guard{state_->mutex};
  state_->jobs.push_back({stream, std::move(bytes), credit});
  state_->changed.notify_one();
}

} // namespace procession::cli
