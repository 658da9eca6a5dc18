#pragma once

#include "procession/platform/common/process_core.hpp"
#include "procession/platform/posix/exit_watch.hpp"
#include "procession/platform/posix/input_writer.hpp"
#include "procession/platform/posix/notification_reader.hpp"
#include "procession/platform/posix/output_reader.hpp"
#include "procession/platform/posix/process_start.hpp"
#include "procession/platform/posix/stop_watch.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace procession::posix {

/// One process and its streams, on the reactor.
class process
  : public process_core<process, host, output_reader, input_writer> {
public:
  explicit process(host& where);
  ~process() override;

  /// Starts `spec`. On the launcher thread; everything below on the reactor,
  /// later.
  /// @param runner null for a session.
  /// @param patience how long the launch may take.
  void start(const command& spec, std::uint64_t credit, child_sink sink,
             const runner_start* runner, std::chrono::milliseconds patience);

  // More functions of `child`.
  void resize(std::uint64_t request, terminal_size size);
  void signal(std::uint64_t request, signal_name name);
  void terminate(signal_name by);
  void kill();
  void finish();

  /// Whether it is running with that number.
  bool runs_as(std::int64_t pid) const noexcept {
    // Before that the launcher may use these.
    return started_ && state_ == state::running && pid_ == pid;
  }

  /// Lists the processes in its tree, see `tree::list`. Only while it runs.
  void list(std::function<void(std::vector<pid_t>)> done) {
    tree_->list(pid_, std::move(done));
  }

  /// Forgets the sink, kills the tree, finishes in the background.
  void abandon();

  /// Kills the tree and finishes, still telling the sink. While the launcher is
  /// stuck with the launch, this and `abandon` wait for its end.
  void stop();

  /// As in `process_core`.
  void give_up();

private:
  enum class state {
    /// The launcher is starting it.
    launching,
    running,
    /// The leader is a zombie: its number and its group's are still ours, or
    /// else `pid_` is 0.
    exited,
    /// Likewise, and the rest of the tree goes on.
    keeping,
    /// The rest of the tree is being ended.
    ending,
    finished
  };

  /// A request of the reactor during the launch.
  enum class launch { under_way, to_stop, to_abandon, over };

  /// Leaves `what` to the end of the launch, if the launch is under way.
  bool put_off(launch what) noexcept;
  void end_launch();
  void fail(failed_start what);
  void run(started_process what, bool report_stops);
  bool watch_all(started_process& what);
  void undo(started_process what, failure why);

  void output_ended() override;
  void on_exit(const exit_status& status);
  bool signal_group(int signo);
  void signal_tree(int signo);
  void close_streams();
  void keep_going();
  void tree_emptied(tree_end what);
  /// Waits for the end of the output: nothing is left in the background, but a
  /// stranger holds the output open. The wait is as long as after any other
  /// end.
  void await_drain();
  ending how_to_end() const noexcept;
  std::chrono::nanoseconds time_to_end() const noexcept;
  void reap(leftovers rest);

  std::atomic<launch> launch_ = launch::under_way;
  /// Set by the launcher once it changes nothing more that `runs_as` reads.
  std::atomic<bool> started_ = false;
  state state_ = state::launching;
  /// The last request to the tree.
  enum class asked_to { run, end, die };

  asked_to asked_ = asked_to::run;
  /// The grace of descendants that are asked to end only after the process.
  std::chrono::nanoseconds leftovers_time_{};
  background_policy background_ = background_policy::end;
  /// The wait for output that a stranger holds open, see `await_drain`.
  std::chrono::nanoseconds drain_time_{};
  /// The end of a kept tree, once it is empty.
  std::optional<leftovers> emptied_;
  /// 0 once the number may be another process's.
  pid_t pid_ = -1;
  exit_watch exit_;
  stop_watch stops_;
  /// While `await_drain` waits.
  std::unique_ptr<boost::asio::steady_timer> drain_;
  std::unique_ptr<posix::tree> tree_;
  /// The slave side of the terminal, open until the process has ended: if the
  /// process closes its terminal and opens it again, the master must not report
  /// the end meanwhile.
  unique_fd slave_;
  notification_reader notification_;
};

} // namespace procession::posix
