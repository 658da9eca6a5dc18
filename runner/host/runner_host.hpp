#pragma once

#include "procession/io/reactor/executor.hpp"
#include "procession/messages/error.hpp"
#include "procession/platform/child.hpp"
#include "procession/platform/common/parent_port.hpp"
#include "procession/runner/channel/framed_channel.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace procession {

/// What a runner is told at its start, and its bounds.
struct runner_host_options {
  /// Without a nonce, whoever holds the stream is the parent.
  runner_identity identity;
  /// Sessions that are not closed; one more is refused.
  std::size_t max_sessions = 4096;
  /// How long the parent may take for its hello.
  std::chrono::nanoseconds hello_timeout = std::chrono::seconds{30};
};

/// Inside of a runner: does what the parent asks for with children of its own,
/// as docs/protocol.md has it. A state machine without threads or a clock of
/// its own, like the connection at the other end.
///
/// It does not mind a silent parent, which may be stopped and go on later; only
/// the end of the channel is its end.
class runner_host : public channel_listener {
public:
  /// What ended it: `runner_lost` when the channel just ended, or the parent
  /// said goodbye.
  using observer = std::function<void(const failure&)>;

  /// @param ended called once, on the executor's thread, when no child is ours
  ///        any more; they end in the background.
  runner_host(std::shared_ptr<executor> work,
              std::shared_ptr<child_factory> children,
              runner_host_options options, observer ended);
  /// On the executor's thread.
  ~runner_host() override;

  /// Speaks first. On the executor's thread.
  void start(std::shared_ptr<duplex> stream);

private:
  enum class phase { fresh, greeting, up, over };

  /// One session; `number` is the parent's name for it.
  struct hosted {
    enum class state { starting, running, exited };
    state at = state::starting;
    std::unique_ptr<procession::child> child;
    /// Input that was not taken yet.
    std::uint64_t input = 0;
  };

  using protocol_error = const char*;

  void on_frame(frame& x) override;
  void on_end(const failure& why) override;
  void on_broken(const failure& why) override;
  void on_hello(const frame& x);
  protocol_error on_spawn(const frame& x);
  protocol_error on_session_frame(hosted& to, frame& x);

  void on_event(std::uint64_t number, child_event& x);
  void on(std::uint64_t number, hosted& from, child_started& x);
  void on(std::uint64_t number, hosted& from, child_start_failed& x);
  void on(std::uint64_t number, hosted& from, child_output& x);
  void on(std::uint64_t number, hosted& from, child_stdin_taken& x);
  void on(std::uint64_t number, hosted& from, child_stdin_refused& x);
  void on(std::uint64_t number, hosted& from, child_stdin_broken& x);
  void on(std::uint64_t number, hosted& from, child_notified& x);
  void on(std::uint64_t number, hosted& from, child_stopped& x);
  void on(std::uint64_t number, hosted& from, child_continued& x);
  void on(std::uint64_t number, hosted& from, child_answered& x);
  void on(std::uint64_t number, hosted& from, child_exited& x);
  void on(std::uint64_t number, hosted& from, child_finished& x);

  template <class Body>
  void send(frame_type type, std::uint64_t number, const Body& body);
  void refuse(failure why);
  void end(const failure& why);

  std::shared_ptr<executor> work_;
  std::shared_ptr<child_factory> children_;
  runner_host_options options_;
  observer ended_;
  phase phase_ = phase::fresh;
  std::unique_ptr<framed_channel> channel_;
  std::unique_ptr<timer> timer_;
  std::unordered_map<std::uint64_t, hosted> sessions_;
  std::uint64_t last_number_ = 0;
  chunk_tail input_tail_;
  /// Ours for as long as we live: what the children say may come later.
  std::shared_ptr<runner_host*> self_;
};

} // namespace procession
