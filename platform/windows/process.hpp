#pragma once

#include "procession/messages/expected.hpp"
#include "procession/platform/common/process_core.hpp"
#include "procession/platform/windows/console_closer.hpp"
#include "procession/platform/windows/console_event.hpp"
#include "procession/platform/windows/host.hpp"
#include "procession/platform/windows/input_writer.hpp"
#include "procession/platform/windows/output_reader.hpp"
#include "procession/platform/windows/process_start.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/windows/object_handle.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>

namespace procession::windows {

/// One process and its streams, on the reactor.
class process
  : public process_core<process, host, output_reader, input_writer> {
public:
  explicit process(host& where);

  /// Starts the process; called on the launcher thread.
  using starter = std::function<expected<started_process>()>;

  /// Starts it by `how`. On the launcher thread; everything below on the
  /// reactor, later.
  void start(const starter& how, std::uint64_t credit, child_sink sink);

  // More functions of `child`.
  void resize(std::uint64_t request, terminal_size size);
  void signal(std::uint64_t request, signal_name name);
  void terminate(signal_name by);
  void kill();
  void finish();

  /// Forgets the sink, kills the tree, finishes in the background.
  void abandon();

  /// Kills the tree and finishes, still telling the sink.
  void stop();

  /// Whether it is running with that number.
  bool runs_as(std::int64_t pid) const noexcept {
    return state_ == state::running && pid_ == pid;
  }

  /// Whether that process is in its tree.
  bool holds(DWORD pid) const noexcept {
    return job_.holds(pid);
  }

private:
  enum class state {
    /// The launcher is starting it.
    launching,
    running,
    /// The process has ended; its last write completes or is cancelled.
    settling,
    /// The process has ended; its output and its descendants may go on.
    exited,
    /// The rest of the tree is being killed.
    ending,
    finished
  };

  void fail(failure why);
  void run(started_process what);
  bool watch_all(started_process& what);

  void output_ended() override;
  void raise(std::uint64_t request, console_event what);
  void on_exit();
  void exited();
  void close_streams();
  void await_end();
  void finished();

  state state_ = state::launching;
  /// Whether it was asked to end: then the rest of its tree is waited for until
  /// it is killed.
  bool told_to_end_ = false;
  /// Whether we killed it.
  bool killed_ = false;
  /// The number of processes that outlived it.
  std::uint64_t left_over_ = 0;
  DWORD pid_ = 0;
  boost::asio::windows::object_handle process_;
  windows::job job_;
  boost::asio::steady_timer recheck_;
  std::chrono::milliseconds recheck_after_{1};

  console_closer console_;
  /// Requests for events that may not have been sent yet.
  std::set<std::uint64_t> raising_;
};

} // namespace procession::windows
