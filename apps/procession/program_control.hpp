#pragma once

#include "console_signals.hpp"
#include "repetition.hpp"
#include "run_command.hpp"

#include "procession/messages/session.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <vector>

namespace procession::cli {

/// Carries out the requests that the user makes by signals and by the escape
/// key: passes signals on, suspends the program together with us, and ends the
/// run, more firmly each time. Part of an actor, on whose thread everything
/// happens.
class program_control {
public:
  /// Requests to its owner.
  struct hooks {
    /// To end the program by this signal, and to kill it after the grace.
    std::function<void(signal_name)> end_program;
    /// To end the run without waiting for anything more.
    std::function<void()> finish;
    /// To end the run with this exit code before there is a session.
    std::function<void(int)> leave;
    /// To stop us until a shell continues us (`console_signal::resumed`).
    std::function<void()> suspend;
  };

  program_control(caf::event_based_actor* self, const run_options& options,
                  hooks ask);

  void on(console_signal x);

  /// Suspends the program and then us.
  void suspend();

  /// Ends the program, gently the first time.
  void escape();

  // -- reports about the program ----------------------------------------------

  void on_started(session x);
  void on_stopped();

  void on_continued() noexcept {
    program_stopped_ = false;
  }

  void on_exited() noexcept {
    exited_ = true;
  }

private:
  void on_early(console_signal x);
  void on_key(signal_name x);
  void on_request_to_end(signal_name by);
  void on_resumed();
  void insist();
  void suspend_us();
  void send_signal(signal_name x);
  void send_size();

  caf::event_based_actor* self_;
  hooks ask_;
  bool has_runner_;
  bool follow_size_;
  bool report_stops_;
  /// Null before the program has started.
  session session_;
  bool exited_ = false;
  /// Signals that wait for the session.
  std::vector<console_signal> early_;
  /// Whether the program is stopped, as far as we were told.
  bool program_stopped_ = false;
  /// Whether we suspended ourselves, so the program is continued with us.
  bool suspended_ = false;
  /// Whether a signal, and whether the escape key, has asked to end already.
  bool asked_to_end_ = false;
  bool escaped_ = false;
  /// Of the signals that ask to end, and of those that keys send.
  repetition requests_;
  repetition keys_;
};

} // namespace procession::cli
