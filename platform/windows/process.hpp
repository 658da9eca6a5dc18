#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/windows/console_event.hpp"
#include "procession/platform/windows/host.hpp"
#include "procession/platform/windows/process_start.hpp"
#include "procession/platform/windows/rules/terminal_input.hpp"
#include "procession/platform/windows/rules/terminal_queries.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/windows/object_handle.hpp>
#include <boost/asio/windows/stream_handle.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace procession::windows {

/// One process and its streams, on the reactor. It lives until nothing of the
/// process is left, however long the session that wanted it.
class process : public std::enable_shared_from_this<process> {
public:
  explicit process(host& where);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  /// What starts the process; called on the launcher thread.
  using starter = std::function<expected<started_process>()>;

  /// Starts it by `how`. On the launcher thread; everything below on the
  /// reactor, later.
  void start(const starter& how, std::uint64_t credit, child_sink sink);

  // What `child` promises, under the same names.
  void grant(std::uint64_t bytes);
  void write(shared_bytes bytes);
  void close_stdin();
  void resize(std::uint64_t request, terminal_size size);
  void signal(std::uint64_t request, signal_name name);
  void terminate(signal_name by);
  void kill();
  void finish();

  /// Forgets the sink, kills the tree, finishes in the background.
  void abandon();

  /// Kills the tree and finishes, still telling the sink.
  void stop();

  /// Whether nothing of it is left and no call has an effect; from any thread.
  bool gone() const noexcept {
    return gone_;
  }

  /// Whether it is running, and that is its number.
  bool runs_as(std::int64_t pid) const noexcept {
    return state_ == state::running && pid_ == pid;
  }

  /// Whether that process is in its tree.
  bool holds(DWORD pid) const noexcept {
    return job_.holds(pid);
  }

  /// The runtime ends before the system let go of the process: tells the sink
  /// that it is over.
  void give_up();

private:
  using stream = boost::asio::windows::stream_handle;
  using stream_ptr = std::shared_ptr<stream>;

  enum class state {
    /// The launcher is at it.
    launching,
    running,
    /// The process has ended; a last write is answered or taken back.
    settling,
    /// The process has ended; its output, and what it started, may go on.
    exited,
    /// What is left of the tree is being killed.
    ending,
    finished
  };

  enum class reading {
    none,
    /// Nothing is under way: there is no credit.
    idle,
    /// A read is under way.
    waiting,
    ended
  };

  enum class writing {
    /// There is no input, or it is closed.
    closed,
    open,
    /// Closes once the queue is empty.
    closing
  };

  struct reader {
    reading at = reading::none;
    stream_ptr io;
    chunk_tail tail;
    /// What reads go to: small until one fills it.
    std::vector<std::byte> room;
    /// What of the last read had no credit: [begin, end) of `room`.
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  void fail(failure why);
  void run(started_process what);
  bool watch_all(started_process& what);
  bool watch(stream_ptr& result, unique_handle& from);

  void pump(stream_kind stream);
  bool deliver(stream_kind stream);
  void on_read(stream_kind stream, const boost::system::error_code& ec,
               std::size_t n);
  void answer_queries(reader& x, std::size_t n);
  void end_reader(stream_kind stream);
  static void close(stream_ptr& x);

  void flush();
  void on_written(const boost::system::error_code& ec, std::size_t taken);
  void end_input();
  void break_input(int os_code);
  void close_input();

  void type(std::string text);
  void raise(std::uint64_t request, console_event what);
  void answer(std::uint64_t request, std::optional<failure> why);

  void await_exit();
  void on_exit();
  void exited();
  void close_console();
  bool drained() const noexcept;
  void close_streams();
  void await_end();
  void finished();
  void emit(child_event event);

  host& host_;
  std::atomic<bool> gone_ = false;
  child_sink sink_;
  state state_ = state::launching;
  /// Finish at once when the process has exited (or cannot start).
  bool finish_on_exit_ = false;
  /// Whether it was asked to end: then what is left of its tree is waited for
  /// until it is killed.
  bool told_to_end_ = false;
  /// Whether we killed it.
  bool killed_ = false;
  /// How many processes outlived it.
  std::uint64_t left_over_ = 0;
  DWORD pid_ = 0;
  boost::asio::windows::object_handle process_;
  windows::job job_;
  boost::asio::steady_timer recheck_;
  std::chrono::milliseconds recheck_after_{1};

  std::array<reader, 2> readers_;
  /// Whether all output had been read when it finished.
  bool drained_ = false;
  /// Its host ends.
  bool host_ends_ = false;
  std::uint64_t credit_ = 0;

  writing writing_ = writing::open;
  /// A write is under way.
  bool sending_ = false;
  stream_ptr input_;
  std::deque<shared_bytes> queue_;

  bool terminal_ = false;
  std::shared_ptr<pseudoconsole> console_;
  /// Closes the console, which waits for us to read.
  std::thread closer_;
  /// It is at it.
  bool closing_console_ = false;
  /// Requests for events that may not have been sent yet.
  std::set<std::uint64_t> raising_;
  terminal_input typed_;
  terminal_queries asked_;
};

} // namespace procession::windows
