#include "procession/platform/windows/process.hpp"

#include "procession/platform/windows/system.hpp"

#include <psapi.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace procession::windows {

namespace {

/// The key that interrupts.
constexpr auto ctrl_c = "\x03";

caf::timespan to_timespan(const FILETIME& x) {
  // In units of 100 ns (FILETIME in minwinbase.h).
  auto ticks = static_cast<std::int64_t>(x.dwHighDateTime) << 32
               | x.dwLowDateTime;
  return std::chrono::nanoseconds{ticks * 100};
}

exit_status status_of(HANDLE process, bool killed) {
  exit_status result;
  DWORD code = 0;
  ::GetExitCodeProcess(process, &code);
  if (killed && code == killed_code) {
    // Windows has no signals; elsewhere this would be one.
    result.cause = exit_cause::signaled;
    result.signal = killed_code - 128;
  } else {
    result.code = code;
  }
  FILETIME created{};
  FILETIME ended{};
  FILETIME kernel{};
  FILETIME user{};
  if (::GetProcessTimes(process, &created, &ended, &kernel, &user)) {
    result.user_time = to_timespan(user);
    result.system_time = to_timespan(kernel);
  }
  PROCESS_MEMORY_COUNTERS memory{};
  if (::GetProcessMemoryInfo(process, &memory, sizeof(memory)))
    result.peak_memory = memory.PeakWorkingSetSize;
  return result;
}

} // namespace

process::process(host& where)
  : process_core(where), process_(where.reactor.context()),
    recheck_(where.reactor.context()), console_(*this, where.reactor, [this] {
      if (state_ == state::ending)
        await_end();
    }) {
  // nop
}

// -- start --------------------------------------------------------------------

void process::start(const starter& how, std::uint64_t credit, child_sink sink) {
  enter(std::move(sink), credit);
  auto result = std::make_shared<expected<started_process>>(how());
  host_.reactor.post([self = shared_from_this(), result] {
    if (!*result)
      self->fail(std::move(result->error()));
    else
      self->run(std::move(**result));
  });
}

void process::fail(failure why) {
  state_ = state::finished;
  leave(child_start_failed{std::move(why)});
}

bool process::watch_all(started_process& what) {
  boost::system::error_code ec;
  process_.assign(what.process.get(), ec);
  if (ec)
    return false;
  what.process.release();
  return out_.open(what.out) && err_.open(what.err)
         && in_.open(what.in, terminal_);
}

void process::run(started_process what) {
  terminal_ = what.console != nullptr;
  auto ok = watch_all(what);
  state_ = state::running;
  pid_ = what.pid;
  job_ = std::move(what.job);
  console_.open(std::move(what.console));
  if (!ok) {
    // Destroying the job kills its processes.
    close_streams();
    job_ = {};
    console_.close();
    console_.join();
    return fail({errc::out_of_descriptors,
                 {stage::setup, 0, "the reactor takes no more handles"}});
  }
  if (terminal_)
    out_.answer_queries(in_);
  emit(child_started{static_cast<std::int64_t>(pid_), containment_kind::job});
  process_.async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->on_exit();
    });
  out_.pump();
  err_.pump();
}

// -- requests -----------------------------------------------------------------

void process::resize(std::uint64_t request, terminal_size size) {
  auto* console = console_.get();
  if (state_ != state::running || console == nullptr)
    return answer(request, already_exited("the terminal is gone"));
  answer(request, console->resize(size));
}

void process::signal(std::uint64_t request, signal_name name) {
  if (state_ != state::running)
    return answer(request, already_exited("the process has ended"));
  switch (name) {
    case signal_name::interrupt:
      if (!terminal_)
        return raise(request, console_event::interrupt);
      in_.type(ctrl_c);
      return answer(request);
    case signal_name::quit:
      return raise(request, console_event::break_key);
    case signal_name::hangup:
      if (!terminal_)
        break;
      console_.close();
      return answer(request);
    case signal_name::terminate:
      terminate(name);
      return answer(request);
    case signal_name::kill:
      kill();
      return answer(request);
    case signal_name::stop:
    case signal_name::resume:
    case signal_name::user1:
    case signal_name::user2:
    case signal_name::alarm:
      break;
  }
  answer(request, failure{errc::request_failed,
                          {stage::run, ERROR_NOT_SUPPORTED,
                           "Windows has no such signal for it"}});
}

void process::raise(std::uint64_t request, console_event what) {
  raising_.insert(request);
  send_console_event(host_, pid_, what,
                     [self = shared_from_this(),
                      request](std::optional<failure> why) {
                       if (self->raising_.erase(request) > 0)
                         self->answer(request, std::move(why));
                     });
}

void process::terminate(signal_name) {
  if (state_ != state::running)
    return;
  told_to_end_ = true;
  if (terminal_)
    // Presses the close button of the terminal, in effect.
    console_.close();
  else
    send_console_event(host_, pid_, console_event::break_key,
                       [self = shared_from_this()](std::optional<failure>) {
                         // A process that got no event is killed after the
                         // grace.
                       });
}

void process::kill() {
  if (state_ == state::launching || state_ == state::finished)
    return;
  killed_ = true;
  job_.kill();
}

// -- end ----------------------------------------------------------------------

void process::on_exit() {
  if (state_ != state::running)
    return;
  state_ = state::settling;
  in_.settle([this] { exited(); });
}

void process::exited() {
  if (!terminal_)
    in_.close();
  state_ = state::exited;
  // The output ends when the console is closed, and not before.
  console_.close();
  // An event may have ended the process before its sender reported success.
  // Signalling an exiting process is not an error.
  for (auto request : std::exchange(raising_, {}))
    answer(request);
  emit(child_exited{status_of(process_.native_handle(), killed_), drained()});
  if (finish_on_exit_ || drained())
    finish();
}

void process::output_ended() {
  if (state_ == state::exited && drained())
    finish();
}

void process::finish() {
  if (state_ != state::exited) {
    finish_on_exit_ = true;
    return;
  }
  state_ = state::ending;
  drained_ = drained();
  left_over_ = job_.others(pid_);
  // After a normal end no process can be asked to end: console events go by way
  // of the process that is gone.
  if (killed_ || !told_to_end_)
    job_.kill();
  close_streams();
  await_end();
}

void process::await_end() {
  if (console_.closing())
    return;
  // A process that was asked to end may still take a moment.
  if (job_.active() == 0)
    return finished();
  recheck_.expires_after(recheck_after_);
  recheck_after_ = std::min(2 * recheck_after_, std::chrono::milliseconds{100});
  recheck_.async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec && self->state_ == state::ending)
        self->await_end();
    });
}

void process::close_streams() {
  out_.close();
  err_.close();
  in_.close();
}

void process::finished() {
  state_ = state::finished;
  console_.join();
  boost::system::error_code ec;
  process_.close(ec);
  job_ = {};
  leave(child_finished{drained_, {left_over_, 0}, host_ends_});
}

void process::abandon() {
  forget_sink();
  stop();
}

void process::stop() {
  if (state_ == state::finished)
    return;
  finish_on_exit_ = true;
  host_ends_ = true;
  kill();
  if (state_ == state::exited)
    finish();
}

} // namespace procession::windows
