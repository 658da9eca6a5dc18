#include "procession/platform/posix/process.hpp"

#include "procession/platform/posix/terminal.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace procession::posix {

namespace {

int number_of(signal_name name) {
  switch (name) {
    case signal_name::interrupt:
      return SIGINT;
    case signal_name::hangup:
      return SIGHUP;
    case signal_name::quit:
      return SIGQUIT;
    case signal_name::terminate:
      return SIGTERM;
    case signal_name::kill:
      return SIGKILL;
    case signal_name::stop:
      return SIGSTOP;
    case signal_name::resume:
      return SIGCONT;
    case signal_name::user1:
      return SIGUSR1;
    case signal_name::user2:
      return SIGUSR2;
    case signal_name::alarm:
      return SIGALRM;
  }
  return 0;
}

caf::timespan to_timespan(const timeval& x) {
  return std::chrono::seconds{x.tv_sec} + std::chrono::microseconds{x.tv_usec};
}

exit_status to_status(const siginfo_t& info, const rusage& usage,
                      std::uint64_t inherited_peak) {
  exit_status result;
  if (info.si_code == CLD_EXITED) {
    result.code = static_cast<std::uint32_t>(info.si_status);
  } else {
    result.cause = exit_cause::signaled;
    result.signal = info.si_status;
    result.core_dumped = info.si_code == CLD_DUMPED;
  }
  result.user_time = to_timespan(usage.ru_utime);
  result.system_time = to_timespan(usage.ru_stime);
  // getrusage(2): in kilobytes on Linux.
  auto peak = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  result.peak_memory = peak > inherited_peak ? peak : 0;
  return result;
}

enum class waited {
  not_yet,
  ended,
  /// It has ended, and somebody else took the status.
  lost
};

/// waitid(2) as the kernel has it: with the resource usage, never blocking.
waited wait_now(int pidfd, int options, siginfo_t& info, rusage& usage) {
  info.si_pid = 0;
  auto result = ::syscall(SYS_waitid, P_PIDFD, pidfd, &info,
                          WEXITED | WNOHANG | options, &usage);
  if (result != 0)
    return errno == ECHILD ? waited::lost : waited::not_yet;
  return info.si_pid != 0 ? waited::ended : waited::not_yet;
}

exit_status unknown_status() {
  exit_status result;
  result.cause = exit_cause::unknown;
  return result;
}

} // namespace

process::process(host& where)
  : host_(where), stop_pause_(where.reactor.context()),
    out_(*this, where, stream_kind::out, credit_),
    err_(*this, where, stream_kind::err, credit_), in_(*this, where.reactor) {
  // nop
}

// -- start --------------------------------------------------------------------

void process::start(const command& spec, std::uint64_t credit, child_sink sink,
                    const runner_start* runner,
                    std::chrono::milliseconds patience) {
  sink_ = std::move(sink);
  report_stops_ = spec.report_stops;
  leftovers_time_ = spec.kill.leftovers_grace;
  background_ = spec.kill.background;
  drain_time_ = spec.kill.drain_timeout;
  credit_ = credit;
  host_.live.insert(shared_from_this());
  auto result = start_process(host_, spec, runner, patience);
  if (auto* bad = std::get_if<failed_start>(&result))
    fail(std::move(*bad));
  else
    run(std::move(std::get<started_process>(result)));
  end_launch();
}

bool process::put_off(launch what) noexcept {
  auto at = launch_.load();
  while (at != launch::over)
    if (at == launch::to_abandon || launch_.compare_exchange_weak(at, what))
      return true;
  return false;
}

void process::end_launch() {
  auto wanted = launch_.exchange(launch::over);
  if (wanted == launch::to_stop)
    host_.reactor.post([self = shared_from_this()] { self->stop(); });
  else if (wanted == launch::to_abandon)
    host_.reactor.post([self = shared_from_this()] { self->abandon(); });
}

void process::fail(failed_start what) {
  host_.reactor.post(
    [self = shared_from_this(), what = std::move(what)]() mutable {
      self->state_ = state::ending;
      self->tree_ = std::move(what.tree);
      auto done = [self, why = std::move(what.why)](tree_end) {
        self->state_ = state::finished;
        self->emit(child_start_failed{why});
        self->sink_ = nullptr;
        self->host_.live.erase(self);
        self->gone_ = true;
      };
      if (self->tree_ == nullptr)
        done({});
      else
        self->tree_->end(0, ending::kill, {}, std::move(done));
    });
}

bool process::watch_all(started_process& what) {
  auto& [master, slave, in, out, err, notification] = what.streams;
  terminal_ = static_cast<bool>(master);
  slave_ = std::move(slave);
  auto watch = [this](watched_fd& result, unique_fd& fd) {
    if (fd)
      result = posix::watch(host_.reactor, fd);
    return !fd;
  };
  auto ok = out_.open(terminal_ ? master : out, terminal_)
            && err_.open(err, false) && watch(pidfd_, what.pidfd)
            && watch(notification_, notification);
  if (terminal_)
    in_.open(out_.io(), slave_);
  else
    in_.open(std::move(in));
  return ok;
}

bool process::watch_stops() {
  if (!report_stops_)
    return true;
  try {
    stops_ = std::make_unique<loop>("pcn-stops");
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void process::undo(started_process what, failure why) {
  if (pidfd_ != nullptr)
    what.pidfd.reset(pidfd_->release());
  close_streams();
  ::kill(-what.pid, SIGKILL);
  siginfo_t ignored{};
  // Nothing outlives a kill for long.
  while (
    ::waitid(P_PIDFD, static_cast<id_t>(what.pidfd.get()), &ignored, WEXITED)
      != 0
    && errno == EINTR)
    continue;
  fail({std::move(why), std::move(what.tree)});
}

void process::run(started_process what) {
  if (!watch_all(what))
    return undo(std::move(what),
                {errc::out_of_descriptors,
                 {stage::setup, 0, "the reactor takes no more descriptors"}});
  if (!watch_stops())
    return undo(
      std::move(what),
      {errc::out_of_processes,
       {stage::setup, EAGAIN, "no thread can be created to wait for stops"}});
  state_ = state::running;
  pid_ = what.pid;
  inherited_peak_ = what.inherited_peak;
  tree_ = std::move(what.tree);
  out_.start();
  err_.start();
  auto waiting = credit_ > 0;
  // From here on the reactor may be at it.
  auto out = out_.io();
  auto err = err_.io();
  auto pidfd = pidfd_;
  auto notification = notification_;
  started_ = true;
  emit(child_started{pid_, tree_->kind()});
  if (waiting && out != nullptr)
    out_.await(std::move(out));
  if (waiting && err != nullptr)
    err_.await(std::move(err));
  if (notification != nullptr)
    await_notification(*notification);
  if (stops_ != nullptr)
    stops_->post([this, pid = pid_] { await_stops(pid); });
  await_exit(*pidfd);
}

// -- stops --------------------------------------------------------------------

void process::await_stops(pid_t pid) {
  // A stop is not reported by the pidfd, and SIGCHLD is the embedding
  // program's. The wait ends with the process, which is not reaped before this
  // thread has ended, so that the number is its own. (Our pidfd is non-blocking
  // for waitid(2) too.)
  siginfo_t info{};
  auto next = [&](int options) {
    info.si_pid = 0;
    int result;
    while ((result = ::waitid(P_PID, static_cast<id_t>(pid), &info, options))
             != 0
           && errno == EINTR)
      continue;
    return result == 0;
  };
  while (next(WSTOPPED | WCONTINUED | WEXITED | WNOWAIT)
         && (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED)) {
    auto stopped = info.si_code == CLD_STOPPED;
    auto signal = stopped ? info.si_status : 0;
    // Taken now, unless it is over already: then the next one says so.
    next((stopped ? WSTOPPED : WCONTINUED) | WNOHANG);
    std::lock_guard guard{stop_mutex_};
    if (stop_report_.changed(signal))
      host_.reactor.post([self = weak_from_this()] {
        if (auto x = self.lock())
          x->await_stop_report();
      });
  }
}

void process::await_stop_report() {
  std::lock_guard guard{stop_mutex_};
  stop_pause_.expires_at(stop_report_.due());
  stop_pause_.async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->report_stop();
    });
}

void process::report_stop() {
  std::unique_lock guard{stop_mutex_};
  auto news = stop_report_.take(std::chrono::steady_clock::now());
  guard.unlock();
  if (state_ != state::running)
    return;
  if (news.continued)
    emit(child_continued{});
  if (news.stopped != 0)
    emit(child_stopped{news.stopped});
}

// -- notification -------------------------------------------------------------

void process::await_notification(descriptor& from) {
  from.async_wait(
    descriptor::wait_read,
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec && self->read_notification())
        self->await_notification(*self->notification_);
    });
}

bool process::read_notification() {
  if (notification_ == nullptr)
    return false;
  // Only a line end counts; what stands before it is for whoever likes to.
  std::array<char, 4096> text;
  auto n = ::read(notification_->native_handle(), text.data(), text.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  auto end = text.begin() + std::max<ssize_t>(n, 0);
  auto told = std::find(text.begin(), end, '\n') != end;
  if (n > 0 && !told)
    return true;
  close(notification_);
  if (told)
    emit(child_notified{});
  return false;
}

// -- output -------------------------------------------------------------------

void process::grant(std::uint64_t bytes) {
  credit_ += bytes;
  out_.pump();
  err_.pump();
}

void process::output_ended() {
  if (state_ == state::exited && drained())
    finish();
  else if (state_ == state::keeping && emptied_ && drained())
    reap(*emptied_);
}

// -- input --------------------------------------------------------------------

void process::write(shared_bytes bytes) {
  in_.write(std::move(bytes));
}

void process::close_stdin() {
  in_.finish();
}

// -- requests -----------------------------------------------------------------

void process::resize(std::uint64_t request, terminal_size size) {
  child_answered answer{request, true, {}};
  std::error_code ec;
  auto& io = out_.io();
  if (state_ != state::running || !terminal_ || io == nullptr) {
    answer.done = false;
    answer.why = {errc::already_exited,
                  {stage::run, 0, "the terminal is gone"}};
  } else if (!set_size(io->native_handle(), size, ec)) {
    answer.done = false;
    answer.why = {errc::request_failed,
                  {stage::run, ec.value(), "the terminal was not resized"}};
  }
  emit(std::move(answer));
}

void process::signal(std::uint64_t request, signal_name name) {
  child_answered answer{request, true, {}};
  auto signo = number_of(name);
  auto key = terminal_ && out_.io() != nullptr
             && (signo == SIGINT || signo == SIGQUIT);
  if (state_ != state::running) {
    answer.done = false;
    answer.why = {errc::already_exited,
                  {stage::run, 0, "the process has ended"}};
  } else if (!(key
               // Linux: to the foreground job of the slave side.
               && ::ioctl(out_.io()->native_handle(), TIOCSIG, signo) == 0)
             && !signal_group(signo)) {
    answer.done = false;
    answer.why = {errc::request_failed,
                  {stage::run, errno, "the signal was not sent"}};
  }
  emit(std::move(answer));
}

bool process::signal_group(int signo) {
  siginfo_t info{};
  rusage usage{};
  // As long as the leader is not reaped, the group's number is no other's. We
  // reap last, but in this program we may not be alone.
  if (pid_ > 0
      && wait_now(pidfd_->native_handle(), WNOWAIT, info, usage)
           == waited::lost)
    pid_ = 0;
  if (pid_ > 0)
    return ::kill(-pid_, signo) == 0;
  errno = ESRCH;
  return false;
}

void process::signal_tree(int signo) {
  switch (state_) {
    case state::running:
    case state::exited:
      signal_group(signo);
      tree_->signal(pid_, signo);
      break;
    case state::keeping:
      if (!emptied_)
        tree_->signal(pid_, signo);
      break;
    case state::launching:
    case state::ending:
    case state::finished:
      break;
  }
}

void process::terminate(signal_name by) {
  if (asked_ == asked_to::run)
    asked_ = asked_to::end;
  signal_tree(number_of(by));
  // A stopped process does not handle it before it goes on.
  signal_tree(SIGCONT);
}

void process::kill() {
  asked_ = asked_to::die;
  if (state_ == state::ending || state_ == state::keeping)
    tree_->kill();
  else
    signal_tree(SIGKILL);
}

// -- end ----------------------------------------------------------------------

void process::await_exit(descriptor& pidfd) {
  pidfd.async_wait(
    descriptor::wait_read,
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->check_exit();
    });
}

void process::check_exit() {
  if (state_ != state::running)
    return;
  siginfo_t info{};
  rusage usage{};
  // Not reaped yet: its number must stay ours until the tree is gone.
  auto result = wait_now(pidfd_->native_handle(), WNOWAIT, info, usage);
  if (result == waited::not_yet) {
    // A tracer holds the zombie back (ptrace(2)), and the pidfd stays readable
    // all the while. It is woken up once more when the tracer lets go or ends.
    if (!held_back_) {
      held_back_ = std::make_unique<edge_watch>(host_.reactor);
      held_back_->add(pidfd_->native_handle(), EPOLLIN);
    }
    held_back_->wait([self = shared_from_this()] { self->check_exit(); });
    return;
  }
  held_back_.reset();
  in_.close();
  // It may have been faster than the reactor. A pipe holds 64 KiB (pipe(7)).
  for (auto i = 0; i < 16 && read_notification(); ++i)
    continue;
  close(notification_);
  // Until now it could open its terminal again. From here on the end of output
  // is that nobody has it open any more.
  slave_.reset();
  // As a rule its output is at the end by now; that is not worth a wait.
  out_.hurry();
  err_.hurry();
  state_ = state::exited;
  if (result == waited::lost)
    pid_ = 0;
  auto status = result == waited::lost
                  ? unknown_status()
                  : to_status(info, usage, inherited_peak_);
  auto keeps = background_ == background_policy::keep && asked_ == asked_to::run
               && !finish_on_exit_;
  emit(child_exited{status, drained() && !keeps});
  if (keeps)
    return keep_going();
  if (finish_on_exit_ || drained())
    finish();
}

void process::keep_going() {
  state_ = state::keeping;
  tree_->end(pid_, ending::keep, std::chrono::nanoseconds::max(),
             [self = shared_from_this()](tree_end x) {
               self->tree_emptied(x);
             });
}

void process::tree_emptied(tree_end what) {
  emptied_ = leftovers{what.ended, what.surviving};
  out_.hurry();
  err_.hurry();
  // It may have finished just now.
  if (state_ != state::keeping)
    return;
  if (finish_on_exit_ || drained())
    reap(*emptied_);
  else
    await_drain();
}

void process::await_drain() {
  drain_ = std::make_unique<boost::asio::steady_timer>(host_.reactor.context(),
                                                       drain_time_);
  drain_->async_wait(
    [self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || self->state_ != state::keeping)
        return;
      // Without credit nothing is read that may be there.
      if (self->credit_ == 0)
        self->await_drain();
      else
        self->reap(*self->emptied_);
    });
}

void process::finish() {
  if (state_ == state::keeping && emptied_)
    return reap(*emptied_);
  if (state_ != state::exited) {
    finish_on_exit_ = true;
    if (state_ == state::keeping)
      kill();
    return;
  }
  state_ = state::ending;
  drained_ = drained();
  // What cleans up may have something to say: that is read until the tree has
  // ended.
  tree_->end(pid_, how_to_end(), time_to_end(),
             [self = shared_from_this()](tree_end x) {
               self->out_.hurry();
               self->err_.hurry();
               self->reap({x.ended, x.surviving});
             });
}

ending process::how_to_end() const noexcept {
  switch (asked_) {
    case asked_to::run:
      return ending::ask;
    case asked_to::end:
      return ending::wait;
    case asked_to::die:
      break;
  }
  return ending::kill;
}

std::chrono::nanoseconds process::time_to_end() const noexcept {
  // The grace of a request to end is the session's: it kills.
  return asked_ == asked_to::end ? std::chrono::nanoseconds::max()
                                 : leftovers_time_;
}

bool process::drained() const noexcept {
  return out_.ended() && err_.ended();
}

void process::close_streams() {
  out_.close();
  err_.close();
  slave_.reset();
  in_.close();
  close(notification_);
}

void process::reap(leftovers rest) {
  if (state_ == state::keeping)
    drained_ = drained();
  drain_.reset();
  close_streams();
  siginfo_t info{};
  rusage usage{};
  // Its thread has nothing to wait for any more.
  stops_.reset();
  wait_now(pidfd_->native_handle(), 0, info, usage);
  state_ = state::finished;
  close(pidfd_);
  emit(child_finished{drained_, rest, host_ends_});
  sink_ = nullptr;
  host_.live.erase(shared_from_this());
  gone_ = true;
}

void process::abandon() {
  if (put_off(launch::to_abandon))
    return;
  sink_ = nullptr;
  stop();
}

void process::stop() {
  if (put_off(launch::to_stop))
    return;
  if (state_ == state::finished)
    return;
  finish_on_exit_ = true;
  host_ends_ = true;
  kill();
  if (state_ == state::exited || (state_ == state::keeping && emptied_))
    finish();
}

void process::give_up() {
  // Its thread ends with the process, which nothing can end: to join it would
  // take as long. It touches none of our data then.
  static_cast<void>(stops_.release());
  emit(child_finished{false, {0, 1}, true});
  sink_ = nullptr;
}

std::shared_ptr<stream_owner> process::keep() {
  return shared_from_this();
}

void process::emit(child_event event) {
  if (sink_)
    sink_(std::move(event));
}

} // namespace procession::posix
