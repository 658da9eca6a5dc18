#pragma once

#include "procession/platform/child.hpp"

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace procession::test {

/// A process that exists only on paper: the test says what it does, and reads
/// the requests that it got. Outlives the `child` that it stands for.
///
/// Fails the test when the session breaks a rule of platform/child.hpp.
class script {
public:
  /// Returns the requests to the child since the last call, in order: "start",
  /// "write abc", "close_stdin", "resize #1 30x100", "signal #2 hangup",
  /// "terminate", "terminate by hangup", "kill", "finish", "destroyed". Grants
  /// only add up.
  std::vector<std::string> take_calls();

  /// Returns how often the child got exactly this request so far.
  std::size_t count(const std::string& call) const;

  bool destroyed() const;

  /// Returns the bytes of output that it may still bring.
  std::uint64_t credit() const noexcept {
    return granted_ - produced_;
  }

  std::uint64_t granted() const noexcept {
    return granted_;
  }

  /// Returns the command that it was to start.
  const command& spec() const noexcept {
    return spec_;
  }

  // Events. Each is in the session's mailbox on return, or lost if the child is
  // destroyed.

  void started(std::int64_t pid = 4711);
  void start_failed(errc code, stage at, std::string text = "no");

  /// Fails the test when it exceeds the credit, which no child does.
  void out(shared_bytes bytes);
  void err(shared_bytes bytes);
  void ended(stream_kind stream);
  void both_ended();
  void stdin_taken(std::uint64_t bytes);
  void stdin_refused(std::uint64_t bytes, errc code = errc::line_too_long);
  void stdin_broken();
  void notified();
  void stopped(std::int32_t signal);
  void continued();
  void answered(std::uint64_t request);
  void refused(std::uint64_t request, errc code = errc::request_failed);
  void exited(exit_status status = {});
  void finished(leftovers rest = {});
  /// Loses its host.
  void lost();

  /// Does what follows a kill: exits and finishes, unless it has.
  void perish();

private:
  friend class scripted_child;

  void output(stream_kind stream, shared_bytes bytes);
  void emit(child_event x);
  void note(std::string call);

  child_sink sink_;
  command spec_;
  std::vector<std::string> calls_;
  std::size_t seen_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t produced_ = 0;
  bool started_ = false;
  std::set<stream_kind> open_streams_;
  bool exited_ = false;
};

/// Returns the status of an exit by itself.
exit_status exit_code(std::uint32_t code);

/// Returns the status of an end by a signal.
exit_status by_signal(std::int32_t signal);

/// Creates scripted children and keeps their scripts.
class scripted_factory : public child_factory {
public:
  std::unique_ptr<procession::child> make_child() override;

  /// The scripts, in the order in which the children were created.
  std::vector<std::unique_ptr<script>> scripts;
};

} // namespace procession::test
