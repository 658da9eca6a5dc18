#include "attachment.hpp"

#include "escape_keys.hpp"
#include "input_path.hpp"
#include "job_control.hpp"
#include "json_events.hpp"
#include "output_path.hpp"
#include "repetition.hpp"
#include "run_outcome.hpp"
#include "stdio_calls.hpp"
#include "stdio_threads.hpp"
#include "terminal_mode.hpp"

#include "common/duration.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace procession::cli {

namespace {

/// After we were told to end: how long whoever reads our output may take none
/// of what is written to him.
constexpr auto patience = std::chrono::seconds{2};

/// What can be typed after the escape key.
std::string escape_help(char key) {
  auto shown = std::string{key};
  if (key == 0x7f)
    shown = "^?";
  else if (static_cast<unsigned char>(key) < 0x20)
    shown = std::string{'^', static_cast<char>(key + 0x40)};
  auto line = [&](const char* what) { return ' ' + shown + what + "\r\n"; };
  return "\r\nAt the start of a line:\r\n"
         + line(".   end the program as closing its terminal does; again: "
                "kill it")
         + line("^Z  suspend it, as its own ^Z cannot") + line("?   this list")
         + line((shown + std::string(4 - shown.size(), ' ') + "type it once")
                  .c_str());
}

/// That the patience is over, unless more was written since.
struct patience_over {
  /// Bytes that were written when it began.
  std::uint64_t written = 0;
};

/// That the time-out is over, and maybe the program does not run yet.
struct start_overdue {};

} // namespace

} // namespace procession::cli

PROCESSION_BEGIN_LOCAL(procession_attachment, 3070)
  PROCESSION_LOCAL(procession_attachment, procession::cli::input_chunk)
  PROCESSION_LOCAL(procession_attachment, procession::cli::write_done)
  PROCESSION_LOCAL(procession_attachment, procession::cli::patience_over)
  PROCESSION_LOCAL(procession_attachment, procession::cli::start_overdue)
PROCESSION_END_LOCAL(procession_attachment)

namespace procession::cli {

namespace {

class attachment {
public:
  static constexpr const char* name = "procession.cli.attachment";

  using pointer = caf::stateful_actor<attachment>*;

  explicit attachment(pointer self)
    : self_(self), input_thread_([to = caf::actor{self}](input_chunk x) {
        caf::anon_send(to, std::move(x));
      }),
      output_({[to = caf::actor{self}](write_done x) { caf::anon_send(to, x); },
               [this](std::uint64_t credit) {
                 self_->send(session_, ack_atom_v, credit);
               }}) {
    // nop
  }

  caf::behavior start(const place& where, const run_options& options,
                      terminal_hooks hooks, std::shared_ptr<run_end> end) {
    where_ = where;
    options_ = options;
    hooks_ = std::move(hooks);
    end_ = std::move(end);
    started_ = self_->clock().now();
    if (options_.json)
      json_.emplace();
    input_.emplace(options_.escape,
                   input_path::hooks{
                     [this] { input_thread_.next(); },
                     [this](shared_bytes x) { pass_on(std::move(x)); },
                     [this] { caf::anon_send(session_, close_stdin_atom_v); },
                     [this](escape_command x) { obey(x); }});
    if (auto timeout = options_.spec.limits.timeout; timeout > zero)
      self_->delayed_send(self_, timeout, start_overdue{});
    // It goes when we go.
    options_.spec.owner = ownership::sender;
    self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
    if (where_.host)
      await_runner();
    else
      start_program();
    return {
      following<started>(),
      following<output>(),
      following<gap>(),
      following<stopped>(),
      following<continued>(),
      following<exited>(),
      following<closed>(),
      [this](input_chunk& x) { on(x); },
      [this](const write_done& x) { on(x); },
      [this](console_signal x) { on(x); },
      [this](const patience_over& x) { on(x); },
      [this](start_overdue) { on_start_overdue(); },
    };
  }

private:
  using time_point = caf::actor_clock::time_point;

  static constexpr auto zero = caf::timespan::zero();

  // -- the runner -------------------------------------------------------------

  void await_runner() {
    spdlog::debug("starting a runner");
    self_->monitor(where_.host);
    self_->request(where_.host, caf::infinite, wait_atom_v)
      .then(
        [this](const runner_info& x) {
          spdlog::debug("{}", to_string(x));
          runner_is_up_ = true;
          start_program();
        },
        // Whatever is not found or not allowed here is no PROGRAM's.
        [this](const caf::error& x) { on_start_failed(x, exit_own_failure); });
  }

  /// The session was cut off by the end of its runner, which says why, soon.
  void await_runner_end() {
    in_doubt_ = runner_end_.empty();
    facts_.cut_off_by = runner_end_;
  }

  void on_down(const caf::down_msg& x) {
    if (!where_.host || x.source != where_.host.address())
      return on_lost();
    runner_end_ = x.reason ? describe(x.reason) : "the runner ended";
    if (std::exchange(in_doubt_, false))
      facts_.cut_off_by = runner_end_;
    leave_if_done();
  }

  // -- the session ------------------------------------------------------------

  /// Handles an event, unless it is of a program that started too late.
  template <class Event>
  std::function<void(const Event&)> following() {
    return [this](const Event& x) {
      if (!facts_.start_failure)
        on(x);
    };
  }

  void start_program() {
    typed_ahead_ = hooks_.ready();
    // The time that a runner took to start counts.
    if (auto& timeout = options_.spec.limits.timeout; timeout > zero)
      timeout = std::max<caf::timespan>(started_ + timeout
                                          - self_->clock().now(),
                                        std::chrono::milliseconds{1});
    spdlog::debug("starting {}", to_string(options_.spec));
    self_
      ->request(where_.sessions, caf::infinite, spawn_atom_v, options_.spec,
                subscription{})
      .then([this](session& x) { on_started(std::move(x)); },
            [this](const caf::error& x) {
              on_start_failed(x, exit_code_of(x));
            });
  }

  void on_started(session x) {
    // Too late.
    if (facts_.start_failure)
      return caf::anon_send(x, terminate_atom_v, caf::timespan::zero());
    session_ = std::move(x);
    self_->monitor(session_);
    // A writer to it learns when the program reads no more.
    if (options_.spec.stdio.input == stdin_kind::inherit)
      release_standard_input();
    for (auto signal : std::exchange(early_, {}))
      on(signal);
    switch (options_.input) {
      case input_source::ours:
        return input_->start(std::move(typed_ahead_));
      case input_source::null:
        return caf::anon_send(session_, close_stdin_atom_v);
      case input_source::open:
        return;
    }
  }

  void on_start_failed(const caf::error& x, int code) {
    if (facts_.start_failure)
      return;
    if (json_)
      print(json_->start_failed(x));
    facts_.start_failure = run_end{code, describe(x)};
    if (is(x, errc::out_of_descriptors))
      facts_.start_failure->problem += "; see ulimit -n";
    facts_.closed = true;
    leave_if_done();
  }

  /// From here on the session keeps the time.
  void on_start_overdue() {
    if (session_ || facts_.start_failure)
      return;
    auto passed = "timed out after "
                  + to_duration(self_->clock().now() - started_);
    if (where_.host && !runner_is_up_)
      on_start_failed(make_error(errc::deadline_passed, stage::launch,
                                 passed + ": the runner was still starting"),
                      exit_timed_out);
    else
      on_start_failed(make_error(errc::deadline_passed, stage::spawn,
                                 passed + ": the program was still starting"),
                      exit_timed_out);
  }

  void on_lost() {
    if (!facts_.closed)
      self_->quit();
  }

  void on(const started& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x, options_.spec));
  }

  void on(const output& x) {
    if (json_)
      print(json_->line(x), x.bytes.size());
    else
      write(x.stream, x.bytes, x.bytes.size());
  }

  void on(const gap& x) {
    // Only a bug makes it lose something.
    spdlog::error("{}", to_string(x));
    if (json_)
      print(json_->line(x));
  }

  void on(const stopped& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x));
    if (!std::exchange(is_stopped_, true))
      suspend_us();
  }

  void on(const continued& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x));
    is_stopped_ = false;
  }

  void on(const exited& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x));
    facts_.status = x.status;
    told_to_end_ = told_to_end_ || x.status.timed_out;
    watch_writes();
  }

  void on(const closed& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x));
    facts_.closed = true;
    if (x.why == close_reason::host_lost && where_.host)
      await_runner_end();
    leave_if_done();
  }

  // -- our input --------------------------------------------------------------

  void on(input_chunk& x) {
    // Its end would be a lie: the program would take a part for the whole.
    if (x.error) {
      facts_.input_error = x.error;
      return end_program(signal_name::terminate);
    }
    if (x.bytes.size() == 0)
      spdlog::debug("our input is at its end");
    input_->on_read(x.bytes);
  }

  void pass_on(shared_bytes bytes) {
    self_->request(session_, caf::infinite, write_atom_v, std::move(bytes))
      .then([this](std::uint64_t) { input_->on_written(); },
            [this](const caf::error& why) { on_input_refused(why); });
  }

  void on_input_refused(const caf::error& why) {
    spdlog::debug("input is dropped: {}", describe(why));
    auto unread = is(why, errc::already_exited) || is(why, errc::stdin_closed);
    // Somebody who types sees what becomes of it.
    if (unread || input_->has_escape_key())
      return input_->on_refused(unread);
    // As above: the program is not given a part for the whole.
    facts_.refused_input = detail_of(why).text;
    end_program(signal_name::terminate);
  }

  void obey(escape_command x) {
    switch (x) {
      case escape_command::help:
        return write(stream_kind::err,
                     shared_bytes{escape_help(options_.escape)}, 0);
      case escape_command::suspend:
        return suspend_program();
      case escape_command::end:
        break;
    }
    if (std::exchange(escaped_, true) || facts_.status)
      return insist();
    end_program(signal_name::hangup);
  }

  // -- our output -------------------------------------------------------------

  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit) {
    output_.write(stream, std::move(bytes), credit);
    watch_writes();
  }

  void print(std::string line, std::uint64_t credit = 0) {
    write(stream_kind::out, shared_bytes{std::move(line)}, credit);
  }

  void on(const write_done& x) {
    if (output_.on_written(x))
      end_program(signal_name::terminate);
    leave_if_done();
  }

  // -- the end ----------------------------------------------------------------

  void on(console_signal x) {
    if (!session_ && where_.host)
      return on_early(x);
    if (!session_) {
      early_.push_back(x);
      return;
    }
    switch (x) {
      case console_signal::resized:
        return send_size();
      case console_signal::resumed:
        return on_resumed();
      case console_signal::interrupt:
        return on_key(signal_name::interrupt);
      case console_signal::quit:
        return on_key(signal_name::quit);
      case console_signal::hangup:
        return on_request_to_end(signal_name::hangup);
      case console_signal::terminate:
        return on_request_to_end(signal_name::terminate);
      case console_signal::stop:
        return suspend_program();
      case console_signal::user1:
        return send_signal(signal_name::user1);
      case console_signal::user2:
        return send_signal(signal_name::user2);
      case console_signal::alarm:
        return send_signal(signal_name::alarm);
    }
  }

  void send_signal(signal_name x) {
    caf::anon_send(session_, signal_atom_v, x);
  }

  // -- suspended --------------------------------------------------------------

  /// Stops the program and then us.
  void suspend_program() {
    if (!can_be_suspended())
      return spdlog::debug("nobody could continue us, so nothing is stopped");
    if (facts_.status || is_stopped_)
      return suspend_us();
    // If stops are reported, we follow when it has stopped.
    self_->request(session_, caf::infinite, signal_atom_v, signal_name::stop)
      .then(
        [this] {
          if (!options_.spec.report_stops)
            suspend_us();
        },
        [this](const caf::error&) { suspend_us(); });
  }

  void suspend_us() {
    if (!can_be_suspended())
      return spdlog::debug("nobody could continue us, so we go on");
    is_suspended_ = true;
    hooks_.suspend();
  }

  void send_size() {
    if (auto size = console_size(); size && options_.follow_size)
      caf::anon_send(session_, resize_atom_v, *size);
  }

  void on_resumed() {
    send_size();
    if (!std::exchange(is_suspended_, false))
      return;
    // That it goes on is reported at a pace, and it may be stopped again
    // before.
    is_stopped_ = false;
    send_signal(signal_name::resume);
  }

  // -- requests to end --------------------------------------------------------

  void on_key(signal_name x) {
    auto same = keys_.repeats(self_->clock().now());
    if (!facts_.status)
      send_signal(x);
    else if (!same)
      // The program has ended, so that we are meant.
      finish();
  }

  void on_request_to_end(signal_name by) {
    if (requests_.repeats(self_->clock().now()))
      return;
    if (!std::exchange(asked_to_end_, true))
      return end_program(by);
    insist();
  }

  /// A second request kills at once.
  void insist() {
    caf::anon_send(session_, terminate_atom_v, caf::timespan::zero());
    if (facts_.status)
      finish();
  }

  /// A runner may be long in coming, and who is tired of it does not wait for
  /// a program to pass the signal on to.
  void on_early(console_signal x) {
    auto number = 0;
    switch (x) {
      case console_signal::resized:
      case console_signal::resumed:
      case console_signal::user1:
      case console_signal::user2:
      case console_signal::alarm:
        early_.push_back(x);
        return;
      case console_signal::stop:
        return suspend_us();
      case console_signal::hangup:
        number = 1;
        break;
      case console_signal::interrupt:
        number = 2;
        break;
      case console_signal::quit:
        number = 3;
        break;
      case console_signal::terminate:
        number = 15;
        break;
    }
    end_->code = 128 + number;
    end_->problem.clear();
    self_->quit();
  }

  void end_program(signal_name by) {
    spdlog::debug("ending the process");
    told_to_end_ = true;
    caf::anon_send(session_, terminate_atom_v, by, options_.spec.kill.grace);
    watch_writes();
  }

  /// Starts to lose patience if there is a reason to: how long the session
  /// waits for the end of its output is its own affair, but nobody else notices
  /// that our output is not taken.
  void watch_writes() {
    if (!facts_.status || !told_to_end_ || !output_.waits()
        || std::exchange(watching_, true))
      return;
    self_->delayed_send(self_, patience, patience_over{output_.written()});
  }

  void on(const patience_over& x) {
    watching_ = false;
    if (output_.waits() && x.written == output_.written())
      return finish();
    watch_writes();
  }

  void leave_if_done() {
    if (facts_.closed && !output_.waits() && !in_doubt_)
      finish();
  }

  void finish() {
    facts_.output_waits = output_.waits();
    facts_.reader_gone = output_.reader_has_gone();
    facts_.output_error = output_.error();
    *end_ = outcome(facts_);
    self_->quit();
  }

  pointer self_;
  input_thread input_thread_;
  std::optional<input_path> input_;
  output_path output_;
  place where_;
  run_options options_;
  terminal_hooks hooks_;
  std::shared_ptr<run_end> end_;
  /// Empty: output is plain.
  std::optional<json_events> json_;
  time_point started_;
  bool runner_is_up_ = false;
  std::string typed_ahead_;
  session session_;
  run_facts facts_;
  /// Whether the program is stopped, as far as that is reported.
  bool is_stopped_ = false;
  /// Whether we are, because of it; it is to be continued with us.
  bool is_suspended_ = false;
  /// Signals from before there was a session.
  std::vector<console_signal> early_;
  /// Whether the session may have ended because its runner did.
  bool in_doubt_ = false;
  /// Why the runner ended, once it did.
  std::string runner_end_;
  /// By a signal, by the time-out, or because nobody takes the output.
  bool told_to_end_ = false;
  /// By a signal.
  bool asked_to_end_ = false;
  /// By the escape key.
  bool escaped_ = false;
  /// The signals that ask to end, and those of keys.
  repetition requests_;
  repetition keys_;
  /// Whether a `patience_over` is on its way.
  bool watching_ = false;
};

} // namespace

caf::actor spawn_attachment(caf::actor_system& sys, const place& where,
                            const run_options& options, terminal_hooks hooks,
                            std::shared_ptr<run_end> end) {
  auto behavior = [](attachment::pointer self, const place& where,
                     const run_options& options, terminal_hooks hooks,
                     std::shared_ptr<run_end> end) {
    return state_of(self).start(where, options, std::move(hooks),
                                std::move(end));
  };
  // On a thread of its own, as its diagnostics may have to wait for whoever
  // reads our error output.
  return sys.spawn<caf::detached>(behavior, where, options, std::move(hooks),
                                  std::move(end));
}

} // namespace procession::cli
