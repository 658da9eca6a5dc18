#include "attachment.hpp"

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
                      std::function<void()> ready,
                      std::shared_ptr<run_end> end) {
    where_ = where;
    options_ = options;
    ready_ = std::move(ready);
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
    ready_();
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
      input_.next();
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
    // Its end would be a lie: the program would take a part for the whole.
    if (x.error) {
      input_error_ = x.error;
      return end_program(signal_name::terminate);
    }
    if (x.bytes.empty()) {
      spdlog::debug("our input is at its end");
      caf::anon_send(session_, close_stdin_atom_v);
      return;
    }
    // Read on when the child has it: no more than this one is ever on its way.
    self_->request(session_, caf::infinite, write_atom_v, std::move(x.bytes))
      .then([this](std::uint64_t) { input_.next(); },
            [this](const caf::error& why) {
              spdlog::debug("input is dropped: {}", describe(why));
              if (!is(why, errc::line_too_long))
                return;
              // As above: the program is not given a part for the whole.
              refused_input_ = detail_of(why).text;
              end_program(signal_name::terminate);
            });
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
      case console_signal::resumed:
        if (auto size = console_size(); size && options_.follow_size)
          caf::anon_send(session_, resize_atom_v, *size);
        return;
      case console_signal::interrupt:
        return on_key(signal_name::interrupt);
      case console_signal::quit:
        return on_key(signal_name::quit);
      case console_signal::hangup:
        return on_request_to_end(signal_name::hangup);
      case console_signal::terminate:
        return on_request_to_end(signal_name::terminate);
    }
  }

  void on_key(signal_name x) {
    auto same = keys_.repeats(self_->clock().now());
    if (!status_)
      caf::anon_send(session_, signal_atom_v, x);
    else if (!same)
      // The program has ended, so that we are meant.
      give_up();
  }

  void on_request_to_end(signal_name by) {
    if (requests_.repeats(self_->clock().now()))
      return;
    if (!std::exchange(asked_to_end_, true))
      return end_program(by);
    // Whoever asks a second time means it.
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
        early_.push_back(x);
        return;
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
  std::function<void()> ready_;
  std::shared_ptr<run_end> end_;
  session session_;
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
                            const run_options& options,
                            std::function<void()> ready,
                            std::shared_ptr<run_end> end) {
  auto behavior = [](attachment::pointer self, const place& where,
                     const run_options& options, std::function<void()> ready,
                     std::shared_ptr<run_end> end) {
    return self->state.start(where, options, std::move(ready), std::move(end));
  };
  // On a thread of its own, as its diagnostics may have to wait for whoever
  // reads our error output.
  return sys.spawn<caf::detached>(behavior, where, options, std::move(ready),
                                  std::move(end));
}

} // namespace procession::cli
