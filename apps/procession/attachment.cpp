#include "attachment.hpp"

#include "escape_keys.hpp"
#include "job_control.hpp"
#include "json_events.hpp"
#include "repetition.hpp"
#include "stdio_threads.hpp"
#include "terminal_mode.hpp"

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

/// How many bytes of input may be on their way while we look for the escape key
/// in what is typed next: more than anybody types for a program that hangs.
constexpr std::uint64_t max_ahead = 256 * 1024;

/// What can be typed after the escape key.
std::string escape_help(char key) {
  auto shown = std::string{key};
  if (key == 0x7f)
    shown = "^?";
  else if (static_cast<unsigned char>(key) < 0x20)
    shown = std::string{'^', static_cast<char>(key + 0x40)};
  auto line = [&](const char* what) { return ' ' + shown + what + "\r\n"; };
  return "\r\nAt the start of a line:\r\n"
         + line(".   ask the program to end; again: kill it")
         + line("^Z  suspend it") + line("?   this list")
         + line((shown + "  type it once").c_str());
}

/// That the patience is over, unless more was written since.
struct patience_over {
  /// Bytes that were written when it began.
  std::uint64_t written = 0;
};

} // namespace

} // namespace procession::cli

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::cli::console_signal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::cli::input_chunk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::cli::write_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(procession::cli::patience_over)

namespace procession::cli {

namespace {

int exit_code_of(const caf::error& start_failed) {
  if (is(start_failed, errc::invalid_argument))
    return exit_usage;
  if (is(start_failed, errc::program_not_found))
    return exit_not_found;
  for (auto code : {errc::not_executable, errc::cwd_not_found,
                    errc::cwd_not_usable, errc::argument_list_too_long})
    if (is(start_failed, code))
      return exit_not_executable;
  // Neither is anything wrong with the program; it is we who failed.
  return exit_own_failure;
}

class attachment {
public:
  static constexpr const char* name = "procession.cli.attachment";

  using pointer = caf::stateful_actor<attachment>*;

  explicit attachment(pointer self)
    : self_(self), input_([to = caf::actor{self}](input_chunk x) {
        caf::anon_send(to, std::move(x));
      }),
      output_(
        [to = caf::actor{self}](write_done x) { caf::anon_send(to, x); }) {
    // nop
  }

  caf::behavior start(const place& where, const run_options& options,
                      terminal_hooks hooks, std::shared_ptr<run_end> end) {
    where_ = where;
    options_ = options;
    hooks_ = std::move(hooks);
    if (options_.escape != 0)
      escape_.emplace(options_.escape);
    end_ = std::move(end);
    // It waits until we subscribe, and goes when we go.
    options_.spec.when_unobserved = unobserved::pause;
    options_.spec.owner = ownership::sender;
    self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
    if (where_.host)
      await_runner();
    else
      start_program();
    return {
      [this](const output& x) { on(x); },
      [this](const gap& x) { on(x); },
      [this](const stopped& x) { on(x); },
      [this](const continued& x) { on(x); },
      [this](const exited& x) { on(x); },
      [this](const closed& x) { on(x); },
      [this](input_chunk& x) { on(x); },
      [this](const write_done& x) { on(x); },
      [this](console_signal x) { on(x); },
      [this](const patience_over& x) { on(x); },
    };
  }

private:
  // -- the runner -------------------------------------------------------------

  void await_runner() {
    spdlog::debug("starting a runner");
    self_->monitor(where_.host);
    self_->request(where_.host, caf::infinite, wait_atom_v)
      .then(
        [this](const runner_info& x) {
          spdlog::debug("{}", to_string(x));
          start_program();
        },
        // Whatever is not found or not allowed here is no PROGRAM's.
        [this](const caf::error& x) { on_start_failed(x, exit_own_failure); });
  }

  /// Whether the session was cut off by the end of its runner.
  void ask_for_runner() {
    if (!runner_end_.empty()) {
      cut_off_ = true;
      return;
    }
    in_doubt_ = true;
    self_->request(where_.host, caf::infinite, wait_atom_v)
      .then(
        [this](const runner_info&) {
          in_doubt_ = false;
          leave_if_done();
        },
        [](const caf::error&) {
          // Why it ended is told by its end, soon.
        });
  }

  void on_down(const caf::down_msg& x) {
    if (!where_.host || x.source != where_.host.address())
      return on_lost();
    runner_end_ = describe(x.reason);
    cut_off_ = std::exchange(in_doubt_, false);
    leave_if_done();
  }

  // -- the session ------------------------------------------------------------

  void start_program() {
    hooks_.ready();
    spdlog::debug("starting {}", to_string(options_.spec));
    self_->request(where_.sessions, caf::infinite, spawn_atom_v, options_.spec)
      .then([this](session& x) { on_started(std::move(x)); },
            [this](const caf::error& x) {
              on_start_failed(x, exit_code_of(x));
            });
  }

  void on_started(session x) {
    session_ = std::move(x);
    self_->monitor(session_);
    self_->request(session_, caf::infinite, info_atom_v)
      .then([this](const session_info& info) {
        spdlog::debug("{} runs as process {}, held by {}", info.id, info.pid,
                      to_string(info.containment));
        if (options_.json)
          print(started_line(info));
        self_
          ->request(session_, caf::infinite, subscribe_atom_v, subscription{})
          .then([](cursor) {});
      });
    for (auto signal : std::exchange(early_, {}))
      on(signal);
    if (options_.forward_input)
      read_on();
    else
      caf::anon_send(session_, close_stdin_atom_v);
  }

  void on_start_failed(const caf::error& x, int code) {
    if (options_.json)
      print(start_failed_line(x));
    end_->code = code;
    end_->problem = describe(x);
    closed_ = true;
    leave_if_done();
  }

  void on_lost() {
    if (!closed_)
      self_->quit();
  }

  void on(const output& x) {
    if (options_.json)
      print(json_line(x), x.bytes.size());
    else
      write(x.stream, x.bytes, x.bytes.size());
  }

  void on(const gap& x) {
    // Only a bug makes it lose something.
    spdlog::error("{}", to_string(x));
    if (options_.json)
      print(json_line(x));
  }

  void on(const stopped& x) {
    spdlog::debug("{}", to_string(x));
    if (options_.json)
      print(json_line(x));
    if (!std::exchange(is_stopped_, true))
      suspend_us();
  }

  void on(const continued& x) {
    spdlog::debug("{}", to_string(x));
    if (options_.json)
      print(json_line(x));
    is_stopped_ = false;
  }

  void on(const exited& x) {
    spdlog::debug("{}", to_string(x));
    if (options_.json)
      print(json_line(x));
    status_ = x.status;
    told_to_end_ = told_to_end_ || x.status.timed_out;
    watch_writes();
  }

  void on(const closed& x) {
    spdlog::debug("{}", to_string(x));
    if (options_.json)
      print(json_line(x));
    closed_ = true;
    if (!x.complete && where_.host)
      ask_for_runner();
    leave_if_done();
  }

  // -- our input --------------------------------------------------------------

  void on(input_chunk& x) {
    reading_ = false;
    // Its end would be a lie: the program would take a part for the whole.
    if (x.error) {
      input_error_ = x.error;
      return end_program(signal_name::terminate);
    }
    if (x.bytes.empty()) {
      spdlog::debug("our input is at its end");
      if (escape_)
        pass_on(shared_bytes{escape_->rest()});
      caf::anon_send(session_, close_stdin_atom_v);
      return;
    }
    if (!escape_)
      return pass_on(std::move(x.bytes));
    for (auto& part : escape_->take(x.bytes.text()))
      if (auto* command = std::get_if<escape_command>(&part))
        obey(*command);
      else
        pass_on(shared_bytes{std::get<std::string>(std::move(part))});
    read_on();
  }

  void pass_on(shared_bytes bytes) {
    std::uint64_t n = bytes.size();
    if (n == 0)
      return;
    on_its_way_ += n;
    self_->request(session_, caf::infinite, write_atom_v, std::move(bytes))
      .then(
        [this, n](std::uint64_t) {
          on_its_way_ -= n;
          read_on();
        },
        [this, n](const caf::error& why) {
          on_its_way_ -= n;
          on_input_refused(why);
        });
  }

  void on_input_refused(const caf::error& why) {
    spdlog::debug("input is dropped: {}", describe(why));
    auto unread = is(why, errc::already_exited) || is(why, errc::stdin_closed);
    // Somebody who types sees what becomes of it, and may still want us.
    if (escape_)
      return read_on();
    if (unread)
      return;
    // As above: the program is not given a part for the whole.
    refused_input_ = detail_of(why).text;
    end_program(signal_name::terminate);
  }

  /// Reads on when the child has what was read; but if the escape key may come,
  /// which a program that hangs must not keep from us, not only then.
  void read_on() {
    auto enough = escape_ ? on_its_way_ >= max_ahead : on_its_way_ > 0;
    if (!enough && !std::exchange(reading_, true))
      input_.next();
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
    if (std::exchange(escaped_, true) || status_)
      return insist();
    end_program(signal_name::terminate);
  }

  // -- our output -------------------------------------------------------------

  void write(stream_kind stream, shared_bytes bytes, std::uint64_t credit) {
    if (stream == stream_kind::out ? out_dropped_ : err_dropped_) {
      acknowledge(credit);
      return;
    }
    ++writing_;
    output_.write(stream, std::move(bytes), credit);
    watch_writes();
  }

  void print(std::string line, std::uint64_t credit = 0) {
    write(stream_kind::out, shared_bytes{std::move(line)}, credit);
  }

  void acknowledge(std::uint64_t credit) {
    if (credit > 0)
      self_->send(session_, ack_atom_v, credit);
  }

  void on(const write_done& x) {
    --writing_;
    acknowledge(x.credit);
    if (x.error)
      on_broken(x.stream, x.error);
    leave_if_done();
  }

  void on_broken(stream_kind stream, const std::error_code& why) {
    auto& dropped = stream == stream_kind::out ? out_dropped_ : err_dropped_;
    if (std::exchange(dropped, true))
      return;
    spdlog::debug("writing to our {}: {}", to_string(stream), why.message());
    if (no_such_stream(why))
      return;
    reader_gone_ = reader_gone_ || reader_gone(why);
    if (!reader_gone(why))
      output_error_ = why;
    end_program(signal_name::terminate);
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
    if (status_ || is_stopped_)
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
    send_signal(signal_name::proceed);
  }

  // -- requests to end --------------------------------------------------------

  void on_key(signal_name x) {
    auto same = keys_.repeats(self_->clock().now());
    if (!status_)
      send_signal(x);
    else if (!same)
      // The program has ended, so that we are meant.
      give_up();
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
    if (status_)
      give_up();
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
    if (!status_ || !told_to_end_ || writing_ == 0
        || std::exchange(watching_, true))
      return;
    self_->delayed_send(self_, patience, patience_over{output_.written()});
  }

  void on(const patience_over& x) {
    watching_ = false;
    if (writing_ > 0 && x.written == output_.written())
      return give_up();
    watch_writes();
  }

  void give_up() {
    finish();
    if (reader_gone_ || !end_->problem.empty())
      return;
    if (writing_ > 0)
      end_->problem = "the rest of the output is lost: nobody took it";
    else if (!closed_)
      end_->problem = "the rest of the output is lost: we were told not to "
                      "wait for it";
  }

  void leave_if_done() {
    if (closed_ && writing_ == 0 && !in_doubt_)
      finish();
  }

  void finish() {
    // A failed start has said what there is to say.
    if (status_) {
      end_->problem.clear();
      // An exit code has eight bits here; a failure must not become success.
      end_->code = static_cast<int>(std::min(shell_code(*status_), 255u));
      if (status_->timed_out)
        end_->code = exit_timed_out;
      if (reader_gone_)
        end_->code = exit_reader_gone;
      if (input_error_) {
        end_->code = exit_own_failure;
        end_->problem = "cannot read the input: " + input_error_.message();
      }
      if (!refused_input_.empty()) {
        end_->code = exit_own_failure;
        end_->problem = "cannot pass the input on: " + refused_input_;
      }
      if (output_error_) {
        end_->code = exit_own_failure;
        end_->problem = "cannot write the output: " + output_error_.message();
      }
      // What the program wrote last, and maybe how it ended, is not known.
      if (cut_off_) {
        end_->code = exit_own_failure;
        end_->problem = runner_end_;
      }
    }
    self_->quit();
  }

  pointer self_;
  input_thread input_;
  output_thread output_;
  place where_;
  run_options options_;
  terminal_hooks hooks_;
  std::shared_ptr<run_end> end_;
  session session_;
  /// Empty if no person types here, or the escape key is off.
  std::optional<escape_keys> escape_;
  /// Whether a chunk of input is being read.
  bool reading_ = false;
  /// Bytes of input that the child does not have yet.
  std::uint64_t on_its_way_ = 0;
  /// Whether the program is stopped, as far as that is reported.
  bool is_stopped_ = false;
  /// Whether we are, because of it; it is to be continued with us.
  bool is_suspended_ = false;
  /// Signals from before there was a session.
  std::vector<console_signal> early_;
  /// Set once the process has ended.
  std::optional<exit_status> status_;
  bool closed_ = false;
  /// Whether the session may have ended because its runner did.
  bool in_doubt_ = false;
  /// That it did.
  bool cut_off_ = false;
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
  /// Writes that wait for their `write_done`.
  std::size_t writing_ = 0;
  bool out_dropped_ = false;
  bool err_dropped_ = false;
  bool reader_gone_ = false;
  std::error_code input_error_;
  /// Why the terminal did not get it, if so.
  std::string refused_input_;
  std::error_code output_error_;
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
    return self->state.start(where, options, std::move(hooks), std::move(end));
  };
  // On a thread of its own, as its diagnostics may have to wait for whoever
  // reads our error output.
  return sys.spawn<caf::detached>(behavior, where, options, std::move(hooks),
                                  std::move(end));
}

} // namespace procession::cli
