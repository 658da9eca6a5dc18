#include "stdio_threads.hpp"

#include "stdio_calls.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace procession::cli {

namespace {

/// A function whose calls by another thread can be cut off.
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

  /// Drops the function; it is not called afterwards.
  void cut() {
    std::function<void(T)> gone;
    std::lock_guard guard{mutex_};
    std::swap(gone, sink_);
  }

private:
  std::mutex mutex_;
  std::function<void(T)> sink_;
};

} // namespace

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
      std::error_code ec;
      n = read_some(buffer, ec);
      sink({shared_bytes{std::string_view{buffer.data(), n}}, ec});
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

  std::error_code write_all(const job& x) {
    std::error_code ec;
    for (auto rest = x.bytes.span(); !rest.empty() && !ec;) {
      auto n = write_some(x.stream, rest, ec);
      rest = rest.subspan(n);
      written += n;
    }
    return ec;
  }

  void run() {
    job x;
    while (take(x))
      sink({x.stream, x.credit, write_all(x)});
  }

  relay<write_done> sink;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<job> jobs;
  bool stop = false;
  std::atomic<std::uint64_t> written = 0;
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

std::uint64_t output_thread::written() const {
  return state_->written;
}

} // namespace procession::cli
