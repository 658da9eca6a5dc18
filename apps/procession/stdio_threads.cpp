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

/// The part that an owner shares with a thread that may be left behind.
template <class T>
struct shared_part {
  explicit shared_part(std::function<void(T)> f) : sink(std::move(f)) {
    // nop
  }

  /// Hands a result over, unless the owner has gone.
  void hand_over(T x) {
    std::lock_guard guard{sink_mutex};
    if (sink)
      sink(std::move(x));
  }

  /// Tells the thread to end; `sink` is not called afterwards.
  void cut() {
    std::function<void(T)> gone;
    {
      std::lock_guard guard{sink_mutex};
      std::swap(gone, sink);
    }
    std::lock_guard guard{mutex};
    stop = true;
    changed.notify_one();
  }

  std::mutex sink_mutex;
  std::function<void(T)> sink;
  /// For all that follows.
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
};

} // namespace

// -- input --------------------------------------------------------------------

struct input_thread::state : shared_part<input_chunk> {
  using shared_part::shared_part;

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
      hand_over({shared_bytes{std::string_view{buffer.data(), n}}, ec});
    }
  }

  bool wanted = false;
};

input_thread::input_thread(std::function<void(input_chunk)> sink)
  : state_(std::make_shared<state>(std::move(sink))) {
  std::thread{[s = state_] { s->run(); }}.detach();
}

input_thread::~input_thread() {
  state_->cut();
}

void input_thread::next() {
  std::lock_guard guard{state_->mutex};
  state_->wanted = true;
  state_->changed.notify_one();
}

// -- output -------------------------------------------------------------------

struct output_thread::state : shared_part<write_done> {
  using shared_part::shared_part;

  struct job {
    stream_kind stream;
    shared_bytes bytes;
    std::uint64_t credit;
  };

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
      hand_over({x.stream, x.credit, write_all(x)});
  }

  std::deque<job> jobs;
  std::atomic<std::uint64_t> written = 0;
};

output_thread::output_thread(std::function<void(write_done)> sink)
  : state_(std::make_shared<state>(std::move(sink))) {
  std::thread{[s = state_] { s->run(); }}.detach();
}

output_thread::~output_thread() {
  state_->cut();
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
