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

/// The identity and the limits of a runner.
struct runner_host_options {
  /// Without a nonce, the other end of the stream is taken for the parent
  /// unchecked.
  runner_identity identity;
  /// The largest number of sessions that are not closed; a further one is
  /// refused.
  std::size_t max_sessions = 4096;
  /// Time from our hello to the parent's.
  std::chrono::nanoseconds hello_timeout = std::chrono::seconds{30};
};

/// The runner's end of a channel: carries out the parent's requests with local
/// children, as docs/protocol.md describes. It is a state machine without
/// threads or a clock of its own, like the connection at the other end.
///
/// It accepts a silent parent, which may be stopped and continue later; it ends
/// only with the channel.
class runner_host : public channel_listener {
public:
  /// Gets the reason of the end: `runner_lost` when the stream ended or the
  /// parent said goodbye.
  using observer = std::function<void(const failure&)>;

  /// @param ended called once, on the executor's thread, when all children have
  ///              been given up; their trees are killed in the background.
  runner_host(std::shared_ptr<executor> work,
              std::shared_ptr<child_factory> children,
              runner_host_options options, observer ended);
  /// Must run on the executor's thread.
  ~runner_host() override;

  /// Sends the hello and starts reading. On the executor's thread.
  void start(std::shared_ptr<duplex> stream);

private:
  enum class phase { fresh, greeting, up, over };

  /// One session; the parent chose its number.
  struct hosted {
    enum class state { starting, running, exited };
    state at = state::starting;
    std::unique_ptr<procession::child> child;
    /// Bytes of input that the child has not taken yet.
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
  /// Expires with this object: children may report events later.
  std::shared_ptr<runner_host*> self_;
};

} // namespace procession
