#include "procession/platform/windows/process.hpp"

#include "procession/platform/windows/system.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <psapi.h>

#include <algorithm>
#include <utility>

namespace procession::windows {

namespace {

/// A read that waits keeps its room, so that it is small where little comes.
constexpr std::size_t small_room = 4096;

/// Input goes out in such pieces, so that it counts as taken as the pipe takes
/// it: Windows answers a write when all of it found room.
constexpr std::size_t piece_size = 16 * 1024;

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
    // Windows knows no signals, but this is what one is elsewhere.
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

failure already_exited(const char* text) {
  return {errc::already_exited, {stage::run, 0, text}};
}

} // namespace

process::process(host& where)
  : host_(where), process_(where.reactor.context()),
    recheck_(where.reactor.context()) {
  // nop
}

process::~process() {
  // Only if the runtime gave up on it.
  if (closer_.joinable())
    closer_.detach();
}

// -- start --------------------------------------------------------------------

void process::start(const starter& how, std::uint64_t credit, child_sink sink) {
  sink_ = std::move(sink);
  credit_ = credit;
  host_.live.insert(shared_from_this());
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
  emit(child_start_failed{std::move(why)});
  sink_ = nullptr;
  host_.live.erase(shared_from_this());
  gone_ = true;
}

bool process::watch(stream_ptr& result, unique_handle& from) {
  if (!from)
    return true;
  auto made = std::make_shared<stream>(host_.reactor.context());
  boost::system::error_code ec;
  made->assign(from.get(), ec);
  if (ec)
    return false;
  from.release();
  result = std::move(made);
  return true;
}

bool process::watch_all(started_process& what) {
  boost::system::error_code ec;
  process_.assign(what.process.get(), ec);
  if (ec)
    return false;
  what.process.release();
  return watch(readers_[0].io, what.out) && watch(readers_[1].io, what.err)
         && watch(input_, what.in);
}

void process::run(started_process what) {
  auto ok = watch_all(what);
  state_ = state::running;
  pid_ = what.pid;
  job_ = std::move(what.job);
  console_ = std::move(what.console);
  terminal_ = console_ != nullptr;
  if (!ok) {
    // Dropping the job kills what is in it.
    close_streams();
    job_ = {};
    close_console();
    if (closer_.joinable())
      closer_.join();
    return fail({errc::out_of_descriptors,
                 {stage::setup, 0, "the reactor takes no more handles"}});
  }
  if (input_ == nullptr)
    writing_ = writing::closed;
  for (auto& x : readers_)
    if (x.io != nullptr)
      x.at = reading::idle;
  emit(child_started{static_cast<std::int64_t>(pid_), containment_kind::job});
  await_exit();
  pump(stream_kind::out);
  pump(stream_kind::err);
}

// -- output -------------------------------------------------------------------

void process::grant(std::uint64_t bytes) {
  credit_ += bytes;
  pump(stream_kind::out);
  pump(stream_kind::err);
}

bool process::deliver(stream_kind stream) {
  auto& self = readers_[static_cast<std::size_t>(stream)];
  auto n = static_cast<std::size_t>(
    std::min<std::uint64_t>(self.end - self.begin, credit_));
  if (n > 0) {
    std::copy_n(self.room.begin() + static_cast<std::ptrdiff_t>(self.begin), n,
                host_.pool.scratch().begin());
    self.begin += n;
    credit_ -= n;
    emit(child_output{stream, host_.pool.take(n, self.tail)});
  }
  return self.begin == self.end;
}

void process::pump(stream_kind stream) {
  auto& self = readers_[static_cast<std::size_t>(stream)];
  if (self.at != reading::idle || !deliver(stream) || credit_ == 0)
    return;
  // Only one that was filled is worth a larger one.
  auto filled = !self.room.empty() && self.end == self.room.size();
  auto size = filled ? chunk_pool::block_size : small_room;
  self.room.resize(size);
  if (!filled)
    self.room.shrink_to_fit();
  self.begin = self.end = 0;
  self.at = reading::waiting;
  self.io->async_read_some(boost::asio::buffer(self.room),
                           [self = shared_from_this(), io = self.io, stream](
                             const boost::system::error_code& ec,
                             std::size_t n) { self->on_read(stream, ec, n); });
}

void process::on_read(stream_kind stream, const boost::system::error_code& ec,
                      std::size_t n) {
  auto& self = readers_[static_cast<std::size_t>(stream)];
  if (self.at != reading::waiting)
    return;
  self.at = reading::idle;
  self.end = n;
  if (terminal_ && !asked_.over())
    answer_queries(self, n);
  // No bytes and no error: somebody wrote nothing, which Windows passes on.
  if (ec && self.end == 0)
    end_reader(stream);
  else
    pump(stream);
}

void process::answer_queries(reader& x, std::size_t n) {
  auto found = asked_.take(std::span{x.room}.first(n));
  if (n == 0)
    found.output = asked_.rest();
  if (!found.answer.empty())
    type(std::move(found.answer));
  auto bytes = std::as_bytes(std::span{found.output});
  x.room.assign(bytes.begin(), bytes.end());
  x.end = x.room.size();
  // Not filled, by what `pump` makes of it.
  x.room.resize(std::max(x.end + 1, small_room));
}

void process::end_reader(stream_kind stream) {
  auto& self = readers_[static_cast<std::size_t>(stream)];
  self.at = reading::ended;
  close(self.io);
  if (state_ == state::exited && drained())
    finish();
}

void process::close(stream_ptr& x) {
  boost::system::error_code ec;
  if (x != nullptr)
    x->close(ec);
  x.reset();
}

// -- input --------------------------------------------------------------------

void process::write(shared_bytes bytes) {
  if (writing_ != writing::open || bytes.empty())
    return;
  queue_.push_back(std::move(bytes));
  flush();
}

void process::close_stdin() {
  if (writing_ != writing::open)
    return;
  writing_ = writing::closing;
  flush();
}

void process::flush() {
  if (state_ != state::running || writing_ == writing::closed || sending_)
    return;
  if (queue_.empty()) {
    if (writing_ == writing::closing)
      end_input();
    return;
  }
  sending_ = true;
  auto piece = queue_.front();
  auto bytes = piece.span().first(std::min(piece.size(), piece_size));
  auto text = std::make_shared<std::string>();
  if (terminal_)
    *text = typed_.normalise(bytes);
  auto buffer = terminal_
                  ? boost::asio::const_buffer(boost::asio::buffer(*text))
                  : boost::asio::buffer(bytes.data(), bytes.size());
  auto done = [self = shared_from_this(), piece, text, io = input_,
               taken = bytes.size()](const boost::system::error_code& ec,
                                     std::size_t) {
    self->on_written(ec, taken);
  };
  // The LF of a CRLF produces no input.
  if (buffer.size() == 0)
    boost::asio::post(host_.reactor.context(), [done] { done({}, 0); });
  else
    boost::asio::async_write(*input_, buffer, std::move(done));
}

void process::on_written(const boost::system::error_code& ec,
                         std::size_t taken) {
  sending_ = false;
  if (state_ == state::settling) {
    if (!ec)
      emit(child_stdin_taken{taken});
    return exited();
  }
  if (writing_ == writing::closed || queue_.empty())
    return;
  if (ec)
    return break_input(ec.value());
  auto& front = queue_.front();
  if (taken < front.size())
    front = front.from(taken);
  else
    queue_.pop_front();
  emit(child_stdin_taken{taken});
  flush();
}

void process::end_input() {
  writing_ = writing::closed;
  // The handle of a terminal stays: without it the console ends at once.
  if (terminal_)
    type(typed_.end_of_file());
  else
    close_input();
}

void process::break_input(int os_code) {
  writing_ = writing::closed;
  queue_.clear();
  close_input();
  emit(child_stdin_broken{
    {errc::stdin_closed,
     {stage::run, os_code, "the child does not take input any more"}}});
}

void process::close_input() {
  close(input_);
}

// -- requests -----------------------------------------------------------------

/// Types text to the terminal past the queue.
void process::type(std::string text) {
  if (input_ == nullptr)
    return;
  auto kept = std::make_shared<std::string>(std::move(text));
  boost::asio::async_write(*input_, boost::asio::buffer(*kept),
                           [self = shared_from_this(), kept, io = input_](
                             const boost::system::error_code&, std::size_t) {});
}

void process::answer(std::uint64_t request, std::optional<failure> why) {
  child_answered result{request, !why, {}};
  if (why)
    result.why = std::move(*why);
  emit(std::move(result));
}

void process::resize(std::uint64_t request, terminal_size size) {
  if (state_ != state::running || console_ == nullptr)
    return answer(request, already_exited("the terminal is gone"));
  answer(request, console_->resize(size));
}

void process::signal(std::uint64_t request, signal_name name) {
  if (state_ != state::running)
    return answer(request, already_exited("the process has ended"));
  switch (name) {
    case signal_name::interrupt:
      if (!terminal_)
        return raise(request, console_event::interrupt);
      type(ctrl_c);
      return answer(request, std::nullopt);
    case signal_name::quit:
      return raise(request, console_event::break_key);
    case signal_name::hangup:
      if (!terminal_)
        break;
      close_console();
      return answer(request, std::nullopt);
    case signal_name::terminate:
      terminate(name);
      return answer(request, std::nullopt);
    case signal_name::kill:
      kill();
      return answer(request, std::nullopt);
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
    // Its close button, in effect.
    close_console();
  else
    send_console_event(host_, pid_, console_event::break_key,
                       [self = shared_from_this()](std::optional<failure>) {
                         // If it was not asked, it is killed in time.
                       });
}

void process::kill() {
  if (state_ == state::launching || state_ == state::finished)
    return;
  killed_ = true;
  job_.kill();
}

// -- end ----------------------------------------------------------------------

void process::await_exit() {
  process_.async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->on_exit();
    });
}

void process::on_exit() {
  if (state_ != state::running)
    return;
  writing_ = writing::closed;
  queue_.clear();
  if (!sending_)
    return exited();
  // The system may tell us first that the process has ended and then that it
  // had read its input. What is not read by now never will be.
  state_ = state::settling;
  boost::system::error_code ec;
  input_->cancel(ec);
}

void process::exited() {
  if (!terminal_)
    close_input();
  state_ = state::exited;
  // The end of its output comes when the console is closed, and not before.
  close_console();
  // It may have ended by an event before its sender said that it was sent; a
  // signal to a process that is about to end is none that failed.
  for (auto request : std::exchange(raising_, {}))
    answer(request, std::nullopt);
  emit(child_exited{status_of(process_.native_handle(), killed_), drained()});
  if (finish_on_exit_ || drained())
    finish();
}

void process::close_console() {
  if (console_ == nullptr)
    return;
  closing_console_ = true;
  closer_ = std::thread{
    [self = shared_from_this(), x = std::move(console_)]() mutable {
      x.reset();
      auto& reactor = self->host_.reactor;
      // Moved along: the last reference must go on the reactor.
      reactor.post([self = std::move(self)] {
        self->closing_console_ = false;
        if (self->state_ == state::ending)
          self->await_end();
      });
    }};
}

void process::finish() {
  if (state_ != state::exited) {
    finish_on_exit_ = true;
    return;
  }
  state_ = state::ending;
  drained_ = drained();
  left_over_ = job_.others(pid_);
  // After a normal end nothing can be asked to end: console events go by way
  // of the process that is gone.
  if (killed_ || !told_to_end_)
    job_.kill();
  close_streams();
  await_end();
}

void process::await_end() {
  if (closing_console_)
    return;
  // A process that was told to end still does so for a moment.
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

bool process::drained() const noexcept {
  return std::all_of(readers_.begin(), readers_.end(), [](const reader& x) {
    return x.at == reading::none || x.at == reading::ended;
  });
}

void process::close_streams() {
  for (auto& x : readers_) {
    x.at = x.at == reading::none ? reading::none : reading::ended;
    close(x.io);
  }
  close_input();
}

void process::finished() {
  state_ = state::finished;
  if (closer_.joinable())
    closer_.join();
  boost::system::error_code ec;
  process_.close(ec);
  job_ = {};
  emit(child_finished{drained_, {left_over_, 0}, host_ends_});
  sink_ = nullptr;
  host_.live.erase(shared_from_this());
  gone_ = true;
}

void process::abandon() {
  sink_ = nullptr;
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

void process::give_up() {
  emit(child_finished{false, {0, 1}, true});
  sink_ = nullptr;
}

void process::emit(child_event event) {
  if (sink_)
    sink_(std::move(event));
}

} // namespace procession::windows
