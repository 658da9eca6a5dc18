#include "procession/platform/posix/process.hpp"

#include "procession/platform/posix/signal_numbers.hpp"
#include "procession/platform/posix/terminal.hpp"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace procession::posix {

process::process(host& where)
  : process_core(where), exit_(where.reactor), stops_(*this, where.reactor),
    notification_(*this, where.reactor) {
  // nop
}

process::~process() {
  // If the runtime gave up on it, the loss of its streams may end the process,
  // for which the thread of `stops_` waits.
  close_streams();
}

// -- start --------------------------------------------------------------------

void process::start(const command& spec, std::uint64_t credit, child_sink sink,
                    const runner_start* runner,
                    std::chrono::milliseconds patience) {
  leftovers_time_ = spec.kill.leftovers_grace;
  background_ = spec.kill.background;
  drain_time_ = spec.kill.drain_timeout;
  enter(std::move(sink), credit);
  auto result = start_process(host_, spec, runner, patience);
  if (auto* bad = std::get_if<failed_start>(&result))
    fail(std::move(*bad));
  else
    run(std::move(std::get<started_process>(result)), spec.report_stops);
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
        self->leave(child_start_failed{why});
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
  auto ok = out_.open(terminal_ ? master : out, terminal_)
            && err_.open(err, false)
            && exit_.open(what.pidfd, what.inherited_peak)
            && notification_.open(notification);
  if (terminal_)
    in_.open(out_.io(), slave_);
  else
    in_.open(std::move(in));
  return ok;
}

void process::undo(started_process what, failure why) {
  exit_.give_back(what.pidfd);
  close_streams();
  ::kill(-what.pid, SIGKILL);
  siginfo_t ignored{};
  // A killed process does not live for long.
  while (
    ::waitid(P_PIDFD, static_cast<id_t>(what.pidfd.get()), &ignored, WEXITED)
      != 0
    && errno == EINTR)
    continue;
  fail({std::move(why), std::move(what.tree)});
}

void process::run(started_process what, bool report_stops) {
  if (!watch_all(what))
    return undo(std::move(what),
                {errc::out_of_descriptors,
                 {stage::setup, 0, "the reactor takes no more descriptors"}});
  if (report_stops && !stops_.open())
    return undo(
      std::move(what),
      {errc::out_of_processes,
       {stage::setup, EAGAIN, "no thread can be created to wait for stops"}});
  state_ = state::running;
  pid_ = what.pid;
  tree_ = std::move(what.tree);
  out_.start();
  err_.start();
  auto waiting = credit_ > 0;
  // From here on the reactor may use it too.
  auto out = out_.io();
  auto err = err_.io();
  started_ = true;
  emit(child_started{what.pid, tree_->kind()});
  if (waiting && out != nullptr)
    out_.await(std::move(out));
  if (waiting && err != nullptr)
    err_.await(std::move(err));
  notification_.await();
  stops_.start(what.pid);
  exit_.await([self = shared_from_this()](const exit_status& status) {
    self->on_exit(status);
  });
}

// -- requests -----------------------------------------------------------------

void process::resize(std::uint64_t request, terminal_size size) {
  auto& io = out_.io();
  if (state_ != state::running || !terminal_ || io == nullptr)
    return answer(request, already_exited("the terminal is gone"));
  std::error_code ec;
  if (!set_size(io->native_handle(), size, ec))
    return answer(request, failure{errc::request_failed,
                                   {stage::run, ec.value(),
                                    "the terminal was not resized"}});
  answer(request);
}

void process::signal(std::uint64_t request, signal_name name) {
  if (state_ != state::running)
    return answer(request, already_exited("the process has ended"));
  auto signo = number_of(name);
  auto key = terminal_ && out_.io() != nullptr
             && (signo == SIGINT || signo == SIGQUIT);
  auto sent = (key
               // Linux: signals the foreground job of the slave side.
               && ::ioctl(out_.io()->native_handle(), TIOCSIG, signo) == 0)
              || signal_group(signo);
  if (!sent)
    return answer(request,
                  failure{errc::request_failed,
                          {stage::run, errno, "the signal was not sent"}});
  answer(request);
}

bool process::signal_group(int signo) {
  // While the leader is not reaped, the group's number is its own. We reap
  // last, but other code in this program may reap it.
  if (pid_ > 0 && exit_.lost())
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
  // A stopped process does not handle the signal before it continues.
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

void process::on_exit(const exit_status& status) {
  in_.close();
  notification_.finish();
  stops_.mute();
  // Until now the process could open its terminal again. From here on the
  // output ends when the slave side is closed everywhere.
  slave_.reset();
  // Usually its output has ended by now; then there is no need to wait.
  out_.hurry();
  err_.hurry();
  state_ = state::exited;
  if (status.cause == exit_cause::unknown)
    pid_ = 0;
  auto keeps = background_ == background_policy::keep && asked_ == asked_to::run
               && !finish_on_exit_;
  emit(child_exited{status, drained() && !keeps});
  if (keeps)
    return keep_going();
  if (finish_on_exit_ || drained())
    finish();
}

void process::output_ended() {
  if (state_ == state::exited && drained())
    finish();
  else if (state_ == state::keeping && emptied_ && drained())
    reap(*emptied_);
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
  // It may just have finished.
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
      // Without credit no output is read, even if there is some.
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
  // Processes may still write while they clean up: their output is read until
  // the tree has ended.
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
  // The session counts the grace of a request to end, and kills.
  return asked_ == asked_to::end ? std::chrono::nanoseconds::max()
                                 : leftovers_time_;
}

void process::close_streams() {
  out_.close();
  err_.close();
  slave_.reset();
  in_.close();
  notification_.close();
}

void process::reap(leftovers rest) {
  if (state_ == state::keeping)
    drained_ = drained();
  drain_.reset();
  close_streams();
  stops_.close();
  exit_.reap();
  state_ = state::finished;
  leave(child_finished{drained_, rest, host_ends_});
}

void process::abandon() {
  if (put_off(launch::to_abandon))
    return;
  forget_sink();
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
  stops_.detach();
  process_core::give_up();
}

} // namespace procession::posix
