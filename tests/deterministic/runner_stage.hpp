#pragma once

#include "../wire/hand_executor.hpp"
#include "../wire/wire.hpp"
#include "theatre.hpp"

#include "procession/actors/runner_node.hpp"
#include "procession/runner/channel/protocol.hpp"
#include "procession/runner/host/runner_host.hpp"
#include "procession/runner/parent/runner_connection.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace procession::test {

/// The process of a runner that exists only on paper. Its events reach the
/// connection through the executor.
class paper_process : public runner_process {
public:
  /// The test's side of it.
  struct script {
    hand_executor& work;
    sink to;
    bool killed = false;
    bool gone = false;
    /// Called when it is killed.
    std::function<void()> on_kill = nullptr;

    void tell(runner_event x);
    void launched();
    void connected(std::shared_ptr<duplex> stream);
    void exits(exit_status status);
  };

  explicit paper_process(std::shared_ptr<script> x) : script_(std::move(x)) {
    // nop
  }

  ~paper_process() override;
  void start(sink to) override;
  void kill() override;

private:
  std::shared_ptr<script> script_;
};

/// A connection with a process on paper. The test, or a `runner_host` at the
/// other end of the wire, speaks for the runner.
class connection_alone {
public:
  explicit connection_alone(runner_options options = {});
  connection_alone(const connection_alone&) = delete;
  connection_alone& operator=(const connection_alone&) = delete;
  /// Ends the runner, and the connection with it.
  ~connection_alone();

  /// Launches, connects and greets.
  void bring_up();

  /// Sends a frame from the runner with the next sequence number.
  template <class Body>
  void say(frame_type type, std::uint64_t session, const Body& body) {
    say_raw(type, session, protocol::encode(body));
  }

  void say_raw(frame_type type, std::uint64_t session, const std::string& body,
               std::uint16_t flags = 0);

  /// Returns the frames that the connection sent since the last call: "spawn of
  /// 1".
  std::vector<std::string> take_sent();

  /// Starts a session and notes its events: "started", "out abc", "finished".
  std::unique_ptr<child>
  start(std::vector<std::string>& events, std::uint64_t credit = 100,
        stdio_kind kind = stdio_kind::pipes, std::int32_t notification_fd = 0);

  /// Returns the latest info that the connection reported.
  const runner_info& info() const {
    return told.back();
  }

  hand_executor work;
  wire channel;
  std::shared_ptr<paper_process::script> process;
  std::shared_ptr<runner_connection> connection;
  std::vector<runner_info> told;
  std::string nonce = "secret";

private:
  std::uint64_t sequence_ = 0;
};

/// A theatre whose children play in a runner at the other end of a wire: with
/// spawner, runner's actor, connection and host, but without threads.
class far_theatre {
public:
  explicit far_theatre(runner_options options = {});
  ~far_theatre();

  /// Lets time pass for actors and for the rest, a second at a time.
  void advance(std::chrono::seconds by);

  /// Ends the runner's process, and its end of the channel with it.
  void kill_runner();

  /// Returns whether the runner's process was killed or ended.
  bool runner_gone() const {
    return process->gone;
  }

  hand_executor work;
  // The channel of the runner that was started last.
  std::optional<wire> channel;
  std::shared_ptr<scripted_factory> scripts;
  std::shared_ptr<paper_process::script> process;
  std::unique_ptr<runner_host> host;
  /// The number of runners started.
  std::size_t launches = 0;
  /// Whether the runner's process stays when its end of the channel has ended.
  bool lingers = false;
  /// Why no runner can be started.
  std::optional<failure> no_launch;
  /// How the host ended.
  std::vector<failure> host_ends;
  runner hdl;

private:
  class port;

public:
  theatre t;
};

/// Returns the numbers and types of the frames that `bytes` begins with.
std::vector<std::string> frames_in(std::string_view bytes);

/// Returns the size of the first frame; 0 if it is incomplete.
std::size_t first_frame(std::string_view bytes);

/// Describes an event of a child in a few words.
std::string in_words(const child_event& x);

} // namespace procession::test
