#include "line_io.hpp"

#include "id_scanner.hpp"
#include "standard_bytes.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace {

/// The most lines that may be in work, and that may wait to be written, while
/// we read on.
constexpr std::size_t max_lines = 64;

} // namespace

line_io::line_io(std::size_t max_line) : max_line_(max_line) {
  // nop
}

line_io::~line_io() {
  if (reader_.joinable())
    reader_.join();
  {
    std::lock_guard guard{mutex_};
    if (output_ == output::open)
      output_ = output::closing;
  }
  changed_.notify_all();
  if (writer_.joinable())
    writer_.join();
}

void line_io::start(events to) {
  to_ = std::move(to);
  writer_ = std::thread{[this] { write_lines(); }};
  reader_ = std::thread{[this] { read_lines(); }};
}

void line_io::write(std::string line) {
  std::lock_guard guard{mutex_};
  if (output_ == output::open)
    to_write_.push_back(std::move(line));
  changed_.notify_all();
}

void line_io::line_done() {
  std::lock_guard guard{mutex_};
  --in_work_;
  changed_.notify_all();
}

void line_io::hand_over(const std::function<void()>& event) {
  {
    std::unique_lock guard{mutex_};
    changed_.wait(guard, [this] {
      return in_work_ < max_lines && to_write_.size() < max_lines;
    });
    ++in_work_;
  }
  event();
}

void line_io::read_lines() {
  std::array<char, 64 * 1024> buffer;
  std::string line;
  enum class reading { line, overlong } state = reading::line;
  id_scanner id;
  auto end_line = [&] {
    if (state == reading::overlong)
      hand_over([&] { to_.on_overlong(id.take()); });
    else if (!line.empty())
      hand_over([&] { to_.on_line(std::exchange(line, {})); });
    line.clear();
    state = reading::line;
  };
  for (;;) {
    auto n = read_input(buffer);
    if (n == 0)
      break;
    auto text = std::string_view{buffer.data(), n};
    while (!text.empty()) {
      auto end = text.find('\n');
      auto part = text.substr(0, end);
      if (state == reading::line && line.size() + part.size() > max_line_) {
        state = reading::overlong;
        id.feed(std::exchange(line, {}));
      }
      if (state == reading::overlong)
        id.feed(part);
      else
        line += part;
      if (end == std::string_view::npos)
        break;
      end_line();
      text.remove_prefix(end + 1);
    }
  }
  // The last line may lack its line break.
  end_line();
  to_.on_end();
}

void line_io::write_lines() {
  std::unique_lock guard{mutex_};
  for (;;) {
    changed_.wait(guard, [this] {
      return !to_write_.empty() || output_ != output::open;
    });
    if (to_write_.empty())
      return;
    // A line counts as waiting until it has been written.
    auto line = to_write_.front() + '\n';
    guard.unlock();
    auto written = write_output(line);
    guard.lock();
    to_write_.pop_front();
    if (!written) {
      output_ = output::broken;
      to_write_.clear();
    }
    changed_.notify_all();
  }
}
