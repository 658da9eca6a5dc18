#pragma once

#include "procession/io/reactor/stop_report.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/posix/edge_watch.hpp"
#include "procession/platform/posix/input_writer.hpp"
#include "procession/platform/posix/output_reader.hpp"
#include "procession/platform/posix/process_start.hpp"
#include "procession/platform/posix/stream_owner.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace procession::posix {

/// One process and its streams, on the reactor. It lives until the process is
/// reaped, however long the session that wanted it.
class process : public stream_owner,
                public std::enable_shared_from_this<process> {
public:
  explicit process(host& where);

  /// Starts `spec`. On the launcher thread; everything below on the reactor,
  /// later.
  /// @param runner null for a session.
  /// @param patience how long the launch may take.
  void start(const command& spec, std::uint64_t credit, child_sink sink,
             const runner_start* runner, std::chrono::milliseconds patience);

  // What `child` promises, under the same names.
  void grant(std::uint64_t bytes);
  void write(shared_bytes bytes);
  void close_stdin();
  void resize(std::uint64_t request, terminal_size size);
  void signal(std::uint64_t request, signal_name name);
  void terminate(signal_name by);
  void kill();
  void finish();

  /// Whether it is running, and that is its number.
  bool runs_as(std::int64_t pid) const noexcept {
    // Before that the launcher may be at it.
    return started_ && state_ == state::running && pid_ == pid;
  }

  /// While it runs: tells which processes are in its tree, see `tree::list`.
  void list(std::function<void(std::vector<pid_t>)> done) {
    tree_->list(pid_, std::move(done));
  }

  /// Forgets the sink, kills the tree, finishes in the background.
  void abandon();

  /// Kills the tree and finishes, still telling the sink. This and `abandon`
  /// may come while the launcher is stuck at it; then they wait for that.
  void stop();

  /// Whether nothing of it is left and no call has an effect; from any thread.
  bool gone() const noexcept {
    return gone_;
  }

  /// The runtime ends before the kernel let go of the process: tells the sink
  /// that it is over.
  void give_up();

private:
  using descriptor = boost::asio::posix::stream_descriptor;

  enum class state {
    /// The launcher is at it.
    launching,
    running,
    /// The leader is a zombie: its number and its group's are still ours, or
    /// else `pid_` is 0.
    exited,
    /// Likewise, and what the leader has left goes on.
    keeping,
    /// The rest of the tree is being ended.
    ending,
    finished
  };

  /// What the reactor wants of a process that the launcher is still at.
  enum class launch { under_way, to_stop, to_abandon, over };

  /// Leaves `what` to the end of the launch, if that is still to come.
  bool put_off(launch what) noexcept;
  void end_launch();
  void fail(failed_start what);
  void run(started_process what);
  bool watch_all(started_process& what);
  void undo(started_process what, failure why);

  // What `stream_owner` promises.
  std::shared_ptr<stream_owner> keep() override;
  void emit(child_event event) override;
  void output_ended() override;

  void await_notification(descriptor& from);
  /// @returns whether more may come.
  bool read_notification();

  bool watch_stops();
  void await_stops(pid_t pid);
  void await_stop_report();
  void report_stop();
  void await_exit(descriptor& pidfd);
  void check_exit();
  bool signal_group(int signo);
  void signal_tree(int signo);
  bool drained() const noexcept;
  void close_streams();
  void keep_going();
  void tree_emptied(tree_end what);
  /// Nothing is left in the background, but something outside holds the output
  /// open: that is waited for as long as after any other end.
  void await_drain();
  ending how_to_end() const noexcept;
  std::chrono::nanoseconds time_to_end() const noexcept;
  void reap(leftovers rest);

  host& host_;
  std::atomic<bool> gone_ = false;
  std::atomic<launch> launch_ = launch::under_way;
  /// Set by the launcher when all that `runs_as` reads is final for its part.
  std::atomic<bool> started_ = false;
  child_sink sink_;
  state state_ = state::launching;
  /// What the tree was asked to do last.
  enum class asked_to { run, end, die };

  asked_to asked_ = asked_to::run;
  /// What descendants get that were asked at the process's end only.
  std::chrono::nanoseconds leftovers_time_{};
  background_policy background_ = background_policy::end;
  /// How long to wait for output that a stranger holds open, see `await_drain`.
  std::chrono::nanoseconds drain_time_{};
  /// How a kept tree ended, once it is empty.
  std::optional<leftovers> emptied_;
  /// Finish at once when the process has exited (or cannot start).
  bool finish_on_exit_ = false;
  /// 0 once it may be another's.
  pid_t pid_ = -1;
  std::uint64_t inherited_peak_ = 0;
  watched_fd pidfd_;
  /// A thread that waits for stops, if they are reported.
  std::unique_ptr<loop> stops_;
  bool report_stops_ = false;
  /// Of the thread and the reactor, with its lock.
  std::mutex stop_mutex_;
  stop_report stop_report_;
  boost::asio::steady_timer stop_pause_;
  /// While `await_drain` waits.
  std::unique_ptr<boost::asio::steady_timer> drain_;
  std::unique_ptr<posix::tree> tree_;
  /// For a process that has ended and that its tracer holds back.
  std::unique_ptr<edge_watch> held_back_;

  std::uint64_t credit_ = 0;
  bool terminal_ = false;
  /// A terminal's only output, and the master of that.
  output_reader out_;
  output_reader err_;
  input_writer in_;
  /// The slave side of the terminal, open until the process has ended: it may
  /// close its terminal and open it again, and the master says meanwhile that
  /// the end is reached.
  unique_fd slave_;
  /// Null when nothing is expected from there any more.
  watched_fd notification_;
  /// Whether all output had been read when it finished.
  bool drained_ = false;
  /// Its host ends.
  bool host_ends_ = false;
};

} // namespace procession::posix
