#include "attachment.hpp"

#include "escape_keys.hpp"
#include "input_path.hpp"
#include "json_events.hpp"
#include "output_path.hpp"
#include "program_control.hpp"
#include "program_start.hpp"
#include "run_outcome.hpp"
#include "stdio_calls.hpp"
#include "stdio_threads.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace procession::cli {

namespace {

/// How long the reader of our output may take nothing after the program was
/// told to end.
constexpr auto patience = std::chrono::seconds{2};

/// The patience is over, unless more was written since.
struct patience_over {
  /// How many bytes had been written when it began.
  std::uint64_t written = 0;
};

/// The time-out is over; the program may not have started yet.
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
    host_ = where.host;
    options_ = options;
    end_ = std::move(end);
    if (options_.json)
      json_.emplace();
    input_.emplace(options_.escape,
                   input_path::hooks{
                     [this] { input_thread_.next(); },
                     [this](shared_bytes x) { pass_on(std::move(x)); },
                     [this] { caf::anon_send(session_, close_stdin_atom_v); },
                     [this](escape_command x) { obey(x); }});
    control_.emplace(self_, options_,
                     program_control::hooks{
                       [this](signal_name x) { end_program(x); },
                       [this] { finish(); }, [this](int code) { leave(code); },
                       std::move(hooks.suspend)});
    start_.emplace(
      self_, where, options_.spec,
      program_start::hooks{
        [this, ready = std::move(hooks.ready)] { typed_ahead_ = ready(); },
        [this](session x) { on_started(std::move(x)); },
        [this](const caf::error& x, int code) { on_start_failed(x, code); }});
    if (auto timeout = options_.spec.limits.timeout;
        timeout > caf::timespan::zero())
      self_->delayed_send(self_, timeout, start_overdue{});
    self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
    if (host_)
      self_->monitor(host_);
    start_->begin();
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
      [this](console_signal x) { control_->on(x); },
      [this](const patience_over& x) { on(x); },
      [this](start_overdue) { start_->on_overdue(); },
    };
  }

private:
  // -- the runner -------------------------------------------------------------

  void on_down(const caf::down_msg& x) {
    if (!host_ || x.source != host_.address())
      return on_lost();
    runner_end_ = x.reason ? describe(x.reason) : "the runner ended";
    if (std::exchange(in_doubt_, false))
      facts_.cut_off_by = runner_end_;
    leave_if_done();
  }

  // -- the session ------------------------------------------------------------

  /// Handles an event, but not of a program that started too late.
  template <class Event>
  std::function<void(const Event&)> following() {
    return [this](const Event& x) {
      if (!facts_.start_failure)
        on(x);
    };
  }

  void on_started(session x) {
    session_ = std::move(x);
    self_->monitor(session_);
    // Otherwise its writer would not learn when the program stops reading.
    if (options_.spec.stdio.input == stdin_kind::inherit)
      release_standard_input();
    control_->on_started(session_);
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
    if (json_)
      print(json_->start_failed(x));
    facts_.start_failure = run_end{code, describe(x)};
    if (is(x, errc::out_of_descriptors))
      facts_.start_failure->problem += "; see ulimit -n";
    facts_.closed = true;
    leave_if_done();
  }

  void on_lost() {
    if (!facts_.closed)
      self_->quit();
  }

  /// Logs an event, and prints it if events are asked for.
  template <class Event>
  void report(const Event& x) {
    spdlog::debug("{}", to_string(x));
    if (json_)
      print(json_->line(x));
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
    // Output is lost only by a bug.
    spdlog::error("{}", to_string(x));
    if (json_)
      print(json_->line(x));
  }

  void on(const stopped& x) {
    report(x);
    control_->on_stopped();
  }

  void on(const continued& x) {
    report(x);
    control_->on_continued();
  }

  void on(const exited& x) {
    report(x);
    facts_.status = x.status;
    control_->on_exited();
    told_to_end_ = told_to_end_ || x.status.timed_out;
    watch_writes();
  }

  void on(const closed& x) {
    report(x);
    facts_.closed = true;
    if (x.why == close_reason::host_lost && host_) {
      // The end of the runner cut the session off; the runner will say why.
      in_doubt_ = runner_end_.empty();
      facts_.cut_off_by = runner_end_;
    }
    leave_if_done();
  }

  // -- our input --------------------------------------------------------------

  void on(input_chunk& x) {
    // An end of input would make the program take a part for the whole.
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
    // A user who types sees that the input is lost.
    if (unread || input_->has_escape_key())
      return input_->on_refused(unread);
    // As above: the program must not take a part for the whole.
    facts_.refused_input = detail_of(why).text;
    end_program(signal_name::terminate);
  }

  void obey(escape_command x) {
    switch (x) {
      case escape_command::help:
        return write(stream_kind::err,
                     shared_bytes{escape_help(options_.escape)}, 0);
      case escape_command::suspend:
        return control_->suspend();
      case escape_command::end:
        return control_->escape();
    }
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

  /// The user gave up before there was a session.
  void leave(int code) {
    *end_ = {code, ""};
    self_->quit();
  }

  void end_program(signal_name by) {
    spdlog::debug("ending the process");
    told_to_end_ = true;
    caf::anon_send(session_, terminate_atom_v, by, options_.spec.kill.grace);
    watch_writes();
  }

  /// Begins to wait for the reader of our output if it holds up the end of the
  /// run. The session limits its own wait for output, but does not know that
  /// our output is not read.
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
  /// Null without a runner.
  runner host_;
  run_options options_;
  std::shared_ptr<run_end> end_;
  std::optional<program_start> start_;
  std::optional<program_control> control_;
  /// Empty if output is plain.
  std::optional<json_events> json_;
  std::string typed_ahead_;
  session session_;
  run_facts facts_;
  /// Whether the session may have ended because its runner did.
  bool in_doubt_ = false;
  /// Why the runner ended; empty while it lives.
  std::string runner_end_;
  /// Whether the program was told to end: by the user, by the time-out or
  /// because one of our streams failed.
  bool told_to_end_ = false;
  /// Whether a `patience_over` is on its way.
  bool watching_ = false;
};

} // namespace

caf::actor spawn_attachment(caf::actor_system& sys, const place& where,
                            const run_options& options, terminal_hooks hooks,
                            std::shared_ptr<run_end> end) {
  // On its own thread, as its diagnostics may have to wait for the reader of
  // our error output.
  return sys.spawn<caf::detached>([=](attachment::pointer self) {
    return state_of(self).start(where, options, hooks, end);
  });
}

} // namespace procession::cli
