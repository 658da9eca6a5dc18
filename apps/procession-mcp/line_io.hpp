#pragma once

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

/// Reads standard input and writes standard output line by line, each on its
/// own thread, so that neither sending a line nor working on one waits for the
/// client.
///
/// Both queues are bounded. Input is read only while few lines are being worked
/// on and few wait to be written: if a client stops reading, we stop reading
/// from it.
class line_io {
public:
  /// Called by the reading thread; neither may take long.
  struct events {
    /// A line without its line break. Call `line_done` after working on it.
    std::function<void(std::string)> on_line;
    /// A line that is too long was skipped. Takes the id of its request, null
    /// if it has none. Call `line_done` as above.
    std::function<void(nlohmann::json id)> on_overlong;
    /// The last call: there is no more input.
    std::function<void()> on_end;
  };

  /// @param max_line the longest line accepted, in bytes.
  explicit line_io(std::size_t max_line);
  line_io(const line_io&) = delete;
  line_io& operator=(const line_io&) = delete;

  /// Waits for the end of the input and until everything has been written.
  ~line_io();

  void start(events to);

  /// Writes a line. Any thread.
  void write(std::string line);

  /// Counts a line as done. Any thread.
  void line_done();

private:
  void read_lines();
  void write_lines();
  void hand_over(const std::function<void()>& event);

  std::size_t max_line_;
  events to_;
  std::mutex mutex_;
  /// Notified when any of the members below changes.
  std::condition_variable changed_;
  std::size_t in_work_ = 0;
  std::deque<std::string> to_write_;
  enum class output { open, broken, closing } output_ = output::open;
  std::thread reader_;
  std::thread writer_;
};
